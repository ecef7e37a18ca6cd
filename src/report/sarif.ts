/** Review -> SARIF 2.1.0 (OASIS), for code scanning: a result a finding, a rule a rule page. */
import type { Finding, Review } from '../kabi/review.js';
import { type RuleId, ruleTable } from '../kabi/rules/ids.js';
import { plain } from './escape.js';
import { verdictLine } from './wording.js';

const levelOf = { error: 'error', warning: 'warning', info: 'note' } as const;

export function sarifReport(reviews: readonly Review[], version: string): string {
  const rules = [...new Set(reviews.flatMap((review) => review.findings.map((one) => one.rule)))].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: reviews.map((review) => ({
      tool: {
        driver: {
          name: 'kabiwatch',
          version,
          rules: rules.map((id) => ({
            id,
            shortDescription: { text: ruleTable[id as RuleId]?.text ?? id },
            defaultConfiguration: { level: levelOf[ruleTable[id as RuleId]?.severity ?? 'warning'] },
          })),
        },
      },
      columnKind: 'utf16CodeUnits',
      originalUriBaseIds: { SRCROOT: { description: { text: 'the root of the kernel tree' } } },
      properties: { verdict: review.verdict, evidence: review.evidence, summary: plain(verdictLine(review)) },
      results: review.findings.map((one) => result(one, rules)),
    })),
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function result(finding: Finding, rules: readonly string[]): object {
  const subject = finding.type ?? finding.symbol;
  return {
    ruleId: finding.rule,
    ruleIndex: rules.indexOf(finding.rule),
    level: levelOf[finding.severity],
    message: { text: plain(subject === null ? finding.text : `${subject}: ${finding.text}`) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(finding.file).replace(/[?#]/g, encodeURIComponent), uriBaseId: 'SRCROOT' },
          region: { startLine: Math.max(1, finding.line) },
        },
      },
    ],
    properties: { patch: finding.patch, evidence: finding.evidence, verified: finding.verified },
  };
}
