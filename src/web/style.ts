/** The one style sheet: both themes, phone width, paper. Colours have at least 4.5:1 against their ground. */
export const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --ground: #fff; --soft: #f3f4f6; --line: #8b949e; --link: #0a53be; --quiet: #545d68;
  --same: #dbe4ee; --new: #b7e4c0; --moved: #ffd79a; --retyped: #d9c8ff; --gone: #ffc4c0; --hidden: #9fd8ef; --bad: #a40e26; --good: #116329; --mid: #7d4e00; --plus: #e6f6ea; --minus: #fdeceb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --ground: #0d1117; --soft: #161b22; --line: #6e7681; --link: #79b8ff; --quiet: #a3adb8;
  --same: #2b3644; --new: #1d5a31; --moved: #6b4a07; --retyped: #4b3a80; --gone: #7a2520; --hidden: #0f5570; --bad: #ff9a92; --good: #6fdd8b; --mid: #f0b84e; --plus: #10301d; --minus: #3a1719; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--ground); font: 16px/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; justify-content: space-between; padding: .5rem 1rem; background: var(--soft); border-bottom: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; margin: 0; padding: 0; }
a { color: var(--link); } a[aria-current] { font-weight: 700; color: var(--ink); }
main { overflow-wrap: anywhere; max-width: 75rem; margin: 0 auto; padding: 0 1rem 3rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin-top: 2rem; } h3 { font-size: 1rem; overflow-wrap: anywhere; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--ground); padding: .5rem; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th, td { overflow-wrap: break-word; } tbody tr > :first-child { overflow-wrap: anywhere; min-width: 9rem; } thead th { color: var(--quiet); font-size: .85rem; white-space: nowrap; } tbody th { font-weight: 500; } time, .figure { white-space: nowrap; } .figure { text-align: right; } td, time { font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } form + .scroll { margin-top: 1.2rem; } tbody tr:hover td, tbody tr:hover th { background: var(--soft); }
code, pre { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; } pre { background: var(--soft); padding: .8rem; overflow-x: auto; }
form.filter, form.inline { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; } label { display: grid; gap: .2rem; font-size: .9rem; }
input, select, button { max-width: 100%; min-height: 2.2rem; font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: 4px; padding: .3rem .6rem; }
.verdict { display: inline-block; font-weight: 600; white-space: nowrap; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem; font-size: .9rem; line-height: 1.5; } .verdict.crc-break, .verdict.silent-break { color: var(--bad); } .verdict.none, .verdict.guarded { color: var(--good); } .verdict.conditional, .verdict.unknown { color: var(--mid); }
.quiet { color: var(--quiet); } .good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; } .banner { padding: .6rem .9rem; border-radius: 6px; background: var(--soft); border-left: 4px solid currentColor; }
.brand { font-weight: 700; color: var(--ink); text-decoration: none; } nav { flex: 1; } nav a { text-decoration: none; padding: .2rem 0; } nav a:hover { text-decoration: underline; } nav a[aria-current] { border-bottom: 2px solid var(--link); }
.numbers { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0; } .numbers li { background: var(--soft); border-radius: 6px; padding: .6rem 1rem; min-width: 9rem; } .numbers strong { display: block; font-size: 1.6rem; line-height: 1.2; }
.names { columns: 16rem; padding-left: 1.2rem; } .names li { break-inside: avoid; } button { cursor: pointer; } button:hover { background: var(--soft); }
details.file { margin: .5rem 0; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; } details.file > summary { padding: .4rem .8rem; background: var(--soft); cursor: pointer; }
table.diff { border: 0; } table.diff thead { position: absolute; left: -100rem; } table.diff tbody tr > td { border: 0; padding: 0 .8rem; min-width: 0; } table.diff code { white-space: pre-wrap; tab-size: 8; }
table.diff .number { width: 3.5rem; text-align: right; color: var(--quiet); font: .8em/1.9 ui-monospace, monospace; user-select: none; } table.diff .heading td { background: var(--soft); color: var(--quiet); }
table.diff .added td { background: var(--plus); } table.diff .removed td { background: var(--minus); }
table.diff .said td { padding: .4rem .8rem; background: var(--soft); } table.diff .said td + td { border-left: 4px solid var(--mid); } table.diff .said.error td + td { border-left-color: var(--bad); } table.diff .said.info td + td { border-left-color: var(--line); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; } figure { margin: 0; min-width: 0; }
svg.map { width: 100%; min-width: 34rem; height: auto; } svg text { font: 11px ui-monospace, monospace; fill: var(--ink); } svg .tick { fill: var(--quiet); }
svg .field { stroke: var(--ink); stroke-width: 1; } svg .same { fill: var(--same); } svg .new { fill: var(--new); } svg .moved { fill: var(--moved); }
svg .retyped { fill: var(--retyped); } svg .gone { fill: var(--gone); stroke-dasharray: 4 2; } svg .hidden { fill: var(--hidden); stroke-width: 2; }
svg .holes { fill: var(--ground); stroke: var(--line); } svg .unlisted { fill: var(--soft); stroke: var(--line); } svg .hatch { stroke: var(--line); stroke-width: 2; }
svg.reach .edge { fill: none; stroke: var(--line); } svg.reach .box { stroke: var(--ink); fill: var(--same); } svg.reach .changed { fill: var(--moved); } svg.reach .symbol { fill: var(--soft); } svg.reach .more { fill: var(--ground); stroke-dasharray: 4 2; }
.key { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0; } .key svg { width: 1.4em; height: 1em; vertical-align: middle; }
@media (max-width: 40rem) { header { gap: .2rem 1rem; } nav { flex-basis: 100%; order: 3; } main { padding: 0 .7rem 2rem; } }
.lead { font-size: 1.1rem; margin: .2rem 0 1rem; } .lead .verdict { margin-right: .4rem; } .note { padding: .4rem .9rem; border-left: 4px solid var(--line); background: var(--soft); }
.facts { margin: 0 0 1.5rem; font-size: .95rem; } .facts div { display: grid; grid-template-columns: 6.5rem 1fr; gap: .2rem .6rem; } .facts dt { color: var(--quiet); } .facts dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.findings { list-style: none; padding: 0; } .findings li { border-left: 4px solid var(--line); padding: .1rem 0 .1rem .8rem; margin: .6rem 0; } .findings p { margin: 0; } .findings .error { border-left-color: var(--bad); } .findings .warning { border-left-color: var(--mid); } .rule { color: var(--quiet); } .findings code { font-size: .85rem; color: var(--quiet); }
.state.held, .state.unsure { color: var(--mid); font-weight: 600; } .state.failed { color: var(--bad); font-weight: 600; } .state.sent { color: var(--good); } .also { margin-top: 2.5rem; font-size: .9rem; }
.told td:first-child { width: 9.5rem; } .told p { margin: .1rem 0 .2rem; font-size: .9rem; } h3 code { font-size: 1.05rem; font-weight: 600; } section > section { margin-top: 2.2rem; }
@media print { .also { display: none; } header, form, .skip { display: none; } main { max-width: none; } figure, tr { break-inside: avoid; } * { print-color-adjust: exact; } }
`;
