// The page's style sheet and its one script (a filter over the rows shown). Kept apart from the
// markup; both are part of the page, which asks nothing of the network.
#include "service/report/html_internal.h"

namespace rollcall::report {

std::string_view page_style() {
  return R"css(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5a6675;--line:#dce1e8;
--accent:#2356c5;--loss:#b3261e;--gain:#17703a;--warn:#8a5a00;--alarm:#b3261e;--alarm-ink:#fff;
--bar:#7b93c4;--bar-over:#c9443b;--stripe:#f3f5f8}
@media (prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2028;--ink:#e6eaf0;--soft:#9aa7b6;
--line:#2f3945;--accent:#8fb0ff;--loss:#ff8f85;--gain:#6fd398;--warn:#f0bd5c;--alarm:#8f1f18;
--alarm-ink:#fff;--bar:#5d78b3;--bar-over:#d9584e;--stripe:#1f2630}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",
Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
main{max-width:1160px;margin:0 auto;padding:24px 20px 48px}
h1{font-size:1.55rem;line-height:1.25;margin:0 0 2px;display:flex;flex-wrap:wrap;gap:10px;align-items:center}
h2{font-size:1.08rem;margin:0 0 10px}
p{margin:0 0 8px}
a{color:var(--accent)}
.env{font-size:.8rem;font-weight:600;padding:2px 10px;border-radius:999px;border:1px solid var(--accent);
color:var(--accent)}
.soft{color:var(--soft)}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
section,.facts{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:16px 0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(250px,1fr));gap:10px 24px;margin-top:14px}
.facts div{min-width:0}.facts dt{font-size:.78rem;color:var(--soft)}.facts dd{margin:0}
.alarm{background:var(--alarm);color:var(--alarm-ink);border-color:var(--alarm)}
.alarm table{color:inherit}.alarm th,.alarm caption,.alarm .soft{color:inherit}
.alarm td,.alarm th{border-color:rgba(255,255,255,.3)}.alarm tbody tr:nth-child(even){background:rgba(0,0,0,.14)}
.note{border-left:4px solid var(--warn);padding:8px 12px;background:var(--card);margin:10px 0;border-radius:4px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(98px,1fr));gap:10px;margin:16px 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 14px}
.tile b{display:block;font-size:1.45rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tile span{font-size:.82rem;color:var(--soft)}
.tile.bad b,.bad{color:var(--loss)}.tile.held b,.held{color:var(--warn)}.good{color:var(--gain)}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;color:var(--soft);font-size:.86rem;padding:0 0 8px}
th{text-align:left;font-size:.78rem;font-weight:600;color:var(--soft);border-bottom:1px solid var(--line);
padding:4px 10px 4px 0;vertical-align:bottom}
td{border-bottom:1px solid var(--line);padding:6px 10px 6px 0;vertical-align:top}
tbody tr:last-child td{border-bottom:0}
table+table,.more+table{margin-top:18px}td:first-child{min-width:13.5em}
td.n,th.n{text-align:right;padding-right:16px;font-variant-numeric:tabular-nums;white-space:nowrap}
ul{margin:0;padding:0;list-style:none}li+li{margin-top:2px}
.sym{display:inline-block;width:1.1em;font-weight:700}
.was{color:var(--soft);text-decoration:line-through;text-decoration-thickness:1px}
.tag{display:inline-block;font-size:.76rem;border:1px solid currentColor;border-radius:4px;padding:0 6px}
.tag.st{white-space:nowrap}th,code.soft{overflow-wrap:break-word}[hidden]{display:none!important}
.bar{position:relative;display:block;margin-top:6px;height:10px;min-width:120px;border-radius:5px;background:var(--line);overflow:hidden}
.bar i{position:absolute;inset:0 auto 0 0;background:var(--bar)}.bar i.over{background:var(--bar-over)}
.bar b{position:absolute;top:0;bottom:0;width:2px;margin-left:-1px;background:var(--ink)}
nav{display:flex;flex-wrap:wrap;gap:6px 14px;margin:14px 0;font-size:.9rem;align-items:center}
nav input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;
padding:4px 10px;margin-left:auto;min-width:220px}
nav input:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
footer{color:var(--soft);font-size:.84rem;margin-top:20px}
.more{color:var(--soft);font-size:.88rem;margin:8px 0 0}
@media (max-width:760px){main{padding:16px 12px 32px}section,.facts{padding:12px}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,tr,td,caption{display:block}
tbody tr{border-bottom:1px solid var(--line);padding:8px 0}tbody tr:last-child{border-bottom:0}
td,td.n,td:first-child{min-width:0;border:0;padding:1px 0;text-align:left;white-space:normal;display:grid;grid-template-columns:7.2em minmax(0,1fr);gap:8px}
td::before{content:attr(data-l);color:var(--soft);font-size:.8rem;padding-top:1px}
.alarm td::before{color:inherit;opacity:.85}td.blank{display:none}
nav input{margin-left:0;width:100%}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--loss:#8f1f18;--gain:#0d5127;
--warn:#6b4600;--accent:#000;--stripe:#fff;color-scheme:light}
body{font-size:10.5pt}main{max-width:none;padding:0}nav{display:none}section{break-inside:auto}
tr{break-inside:avoid}thead{display:table-header-group}h2,caption{break-after:avoid}
.bar,.bar i,.bar b,.alarm{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";
}

std::string_view page_script() {
  return R"js(
(function(){var n=document.querySelector('nav');if(!n)return;
var i=document.createElement('input');i.type='search';i.placeholder='Filter the rows shown';
i.setAttribute('aria-label','Filter the rows shown');n.appendChild(i);
i.addEventListener('input',function(){var q=i.value.toLowerCase();
document.querySelectorAll('tbody tr').forEach(function(r){
r.hidden=q!==''&&r.textContent.toLowerCase().indexOf(q)<0;});});})();
)js";
}

}  // namespace rollcall::report
