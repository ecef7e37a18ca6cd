/** The one style sheet: both themes, phone width, paper. Colours have at least 4.5:1 against their ground. */
export const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --ground: #fff; --soft: #f3f4f6; --line: #8b949e; --link: #0a53be; --quiet: #545d68;
  --same: #dbe4ee; --new: #b7e4c0; --moved: #ffd79a; --retyped: #d9c8ff; --gone: #ffc4c0; --hidden: #9fd8ef; --bad: #a40e26; --good: #116329; --mid: #7d4e00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --ground: #0d1117; --soft: #161b22; --line: #6e7681; --link: #79b8ff; --quiet: #a3adb8;
  --same: #2b3644; --new: #1d5a31; --moved: #6b4a07; --retyped: #4b3a80; --gone: #7a2520; --hidden: #0f5570; --bad: #ff9a92; --good: #6fdd8b; --mid: #f0b84e; } }
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
td { overflow-wrap: anywhere; min-width: 4rem; } .scroll { overflow-x: auto; }
code, pre { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; } pre { background: var(--soft); padding: .8rem; overflow-x: auto; }
form.filter, form.inline { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; } label { display: grid; gap: .2rem; font-size: .9rem; }
input, select, button { max-width: 100%; font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: 4px; padding: .3rem .6rem; }
.verdict { font-weight: 600; white-space: nowrap; } .verdict.crc-break, .verdict.silent-break { color: var(--bad); } .verdict.none, .verdict.guarded { color: var(--good); } .verdict.conditional, .verdict.unknown { color: var(--mid); }
.quiet { color: var(--quiet); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; } figure { margin: 0; min-width: 0; }
svg.map { width: 100%; height: auto; } svg text { font: 11px ui-monospace, monospace; fill: var(--ink); } svg .tick { fill: var(--quiet); }
svg .field { stroke: var(--ink); stroke-width: 1; } svg .same { fill: var(--same); } svg .new { fill: var(--new); } svg .moved { fill: var(--moved); }
svg .retyped { fill: var(--retyped); } svg .gone { fill: var(--gone); stroke-dasharray: 4 2; } svg .hidden { fill: var(--hidden); stroke-width: 2; }
svg .holes { fill: var(--ground); stroke: var(--line); } svg .unlisted { fill: var(--soft); stroke: var(--line); } svg .hatch { stroke: var(--line); stroke-width: 2; }
svg.reach .edge { fill: none; stroke: var(--line); } svg.reach .box { stroke: var(--ink); fill: var(--same); } svg.reach .changed { fill: var(--moved); } svg.reach .symbol { fill: var(--soft); } svg.reach .more { fill: var(--ground); stroke-dasharray: 4 2; }
.key { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0; } .key svg { width: 1.4em; height: 1em; vertical-align: middle; }
@media print { header, form, .skip { display: none; } main { max-width: none; } figure, tr { break-inside: avoid; } * { print-color-adjust: exact; } }
`;
