#include "tools/capacity/report/report_html.h"

namespace firn::tools {

namespace {

constexpr std::string_view kCss = R"CSS(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2330;--soft:#5b6675;--line:#dde2e8;
--past:#1f6fb2;--range:#1f6fb22e;--median:#8a3ffc;--band:#8a3ffc2b;--limit:#c4282d;--grid:#e6eaef;
--reached:#b3261e;--likely:#9a5b00;--possible:#0b6b83;--none:#2b6e3f;--unknown:#5b6675}
@media (prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2029;--ink:#e6eaf0;--soft:#9aa7b6;
--line:#2c3541;--past:#6db3ee;--range:#6db3ee33;--median:#bb96ff;--band:#bb96ff33;--limit:#ff7b76;--grid:#27303b;
--reached:#ff8a80;--likely:#f2b25c;--possible:#65c8df;--none:#7fcf97;--unknown:#9aa7b6}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",
Roboto,"Helvetica Neue","DejaVu Sans",sans-serif;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:1020px;margin:0 auto;padding:32px 24px 48px}
h1{font-size:27px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:18px;margin:36px 0 12px}
h3{font-size:16px;margin:0}
p{margin:0}
.soft{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(5,1fr);gap:12px;margin:24px 0 0;padding:0;list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-top:3px solid var(--c);
border-radius:8px;padding:10px 14px}
.tiles b{display:block;font-size:26px;line-height:1.2;font-variant-numeric:tabular-nums}
.tiles span{color:var(--soft);font-size:13px}
.sheet,.card{background:var(--card);border:1px solid var(--line);border-radius:8px}
.sheet{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:10px 14px 0;color:var(--soft);font-size:13px}
th,td{text-align:left;padding:8px 14px;border-bottom:1px solid var(--line);vertical-align:top}
th{font-size:12px;font-weight:600;color:var(--soft);white-space:nowrap}
tbody tr:last-child td,tbody tr:last-child th{border-bottom:0}
tbody th{font-size:inherit;color:inherit;white-space:normal}
td.n,th.n{text-align:right;white-space:nowrap}
td.t{white-space:nowrap}
td small,th small{display:block;font-weight:400;color:var(--soft);font-size:12.5px;overflow-wrap:break-word}
tbody th{min-width:180px}.card tbody th{min-width:0}
a{color:inherit;text-decoration-color:var(--soft);text-underline-offset:3px}
.chip{display:inline-block;border:1px solid var(--c);color:var(--c);border-radius:999px;
padding:0 9px;font-size:12.5px;font-weight:600;white-space:nowrap}
.reached{--c:var(--reached)}.likely{--c:var(--likely)}.possible{--c:var(--possible)}
.none{--c:var(--none)}.unknown{--c:var(--unknown)}
.card{padding:16px 18px;margin:0 0 16px}
.card header{display:flex;gap:10px;align-items:baseline;justify-content:space-between;flex-wrap:wrap}
.card .say{font-size:16px;margin:6px 0 2px}
.card svg{display:block;width:100%;height:auto;margin:10px 0 2px}
.card table{margin-top:10px;font-size:14px}
.card th,.card td{padding:5px 22px 5px 0}
.facts{font-size:13px;color:var(--soft)}
.advice{margin-top:8px;padding:8px 12px;border-left:3px solid var(--c);background:var(--bg);
border-radius:0 6px 6px 0}
.legend{display:flex;gap:18px;flex-wrap:wrap;font-size:12.5px;color:var(--soft);margin:0 0 12px}
.legend i{display:inline-block;width:22px;height:0;border-top:2px solid;vertical-align:middle;margin-right:6px}
.legend .b{height:10px;border:0}
code{font:13px/1.5 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
svg .grid{stroke:var(--grid)}
svg .label{fill:var(--soft);font:11.5px system-ui,"DejaVu Sans",sans-serif}
svg path{fill:none;stroke-linejoin:round}
svg .past{stroke:var(--past);stroke-width:1.75}
svg .range{fill:var(--range);stroke:none}
svg .median{stroke:var(--median);stroke-width:2}
svg .band{fill:var(--band);stroke:none}
svg .limit{stroke:var(--limit);stroke-width:1.5;stroke-dasharray:6 4}
svg .now{stroke:var(--soft);stroke-dasharray:2 3}
svg line.crossing{stroke:var(--limit);stroke-width:5;opacity:.45}
svg circle.crossing{fill:var(--limit);stroke:var(--card);stroke-width:2}
footer{margin-top:28px;font-size:13px;color:var(--soft)}
@media (max-width:640px){.tiles{grid-template-columns:repeat(2,1fr)}main{padding:20px 14px}}
@page{margin:14mm}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;
--past:#1f6fb2;--range:#1f6fb22e;--median:#8a3ffc;--band:#8a3ffc2b;--limit:#c4282d;--grid:#ddd;--reached:#b3261e;
--likely:#9a5b00;--possible:#0b6b83;--none:#2b6e3f;--unknown:#444}
body{font-size:9.5pt}main{max-width:none;padding:0}h2,.legend{break-after:avoid}h2{margin-top:24px}
th,td{padding:4px 8px}.card svg{max-height:64mm}.card{padding:10px 14px}
.card,tr,.tiles li{break-inside:avoid}.sheet{overflow:visible}a{text-decoration:none}}
)CSS";

}  // namespace

std::string_view ReportCss() { return kCss; }

}  // namespace firn::tools
