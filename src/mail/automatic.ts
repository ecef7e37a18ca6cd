/**
 * Is this mail a machine's, or ours? What stops the loop: such mail is never answered. `Precedence: bulk` is on every list mail and
 * means nothing.
 */
import type { Head } from './mime.js';

/** null for a person's mail, else the reason; `kabiwatch` for a reply of ours or of another kabiwatch. */
export function automaticReason(
  fields: Head['fields'],
  mail: { readonly messageId: string; readonly sender: string },
  ownAddress: string,
): string | null {
  const field = (name: string): string => fields.get(name)?.[0]?.trim() ?? '';
  if (fields.has('x-kabi-review') || mail.messageId.startsWith('kabi-')) return 'kabiwatch';
  if (ownAddress !== '' && mail.sender === ownAddress.toLowerCase()) return 'our own mail';
  const submitted = field('auto-submitted').toLowerCase();
  if (submitted !== '' && !submitted.startsWith('no')) return `auto-submitted: ${submitted.slice(0, 40)}`;
  if (fields.has('x-autoreply') || fields.has('x-autorespond')) return 'an autoresponder';
  if (field('return-path') === '<>' || mail.sender === '') return 'a bounce';
  if (/^(?:mailer-daemon|postmaster|no-?reply)@/.test(mail.sender)) return 'a bounce';
  return null;
}
