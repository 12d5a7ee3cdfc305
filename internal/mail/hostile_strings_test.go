package mail

import "strings"

// hostile are names and titles that somebody chose with something else in mind.
var hostile = []string{
	// header injection
	"x\r\nBcc: evil@evil.example", "x\nBcc: evil@evil.example", "x\rBcc: evil@evil.example", "\r\n\r\nevil body", "x\r\n.\r\nMAIL FROM:<evil@evil.example>",
	"x\r\n Subject: folded", "x\n\tfolded", "\r\nContent-Type: text/html", "x\u2028Bcc: evil@evil.example", "x\u2029y", "x\u0085Bcc: y", "x\v\fBcc: y",
	"x\x00y", "\x1b[31mred\x1b[0m", "\x7f\x08\x08", "x\u000dy",
	"=?utf-8?q?=0D=0ABcc:_evil@evil.example?=", "=?utf-8?b?DQpCY2M6IHg=?=", "=?=?=?", "?= =?utf-8?q?x?=",
	"--roster-00000000000000000000000000000000", "\r\n--roster-0\r\nContent-Type: text/html\r\n\r\n<b>", "=3D=0A=", "soft=\r\nbreak",
	`"quoted" <evil@evil.example>`, "evil@evil.example", "evil@evil.example, other@evil.example", "(comment)", `back\slash`, `"`, `a;b,c:d`,
	// HTML injection
	"<b>bold</b>", "<script>alert(1)</script>", "<img src=https://evil.example/x.png>", `"><img src=x onerror=alert(1)>`, "</p></body></html>",
	`<a href="https://evil.example">here</a>`, "<!--", "-->", "<![CDATA[x]]>", "</title><script>", "<style>*{display:none}</style>", "&lt;b&gt;", "&#60;b&#62;",
	"<svg/onload=alert(1)>", "<base href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>", "</bdi><u>", "javascript:alert(1)", "<iframe srcdoc=x>",
	"<form action=https://evil.example><input>", "`${alert(1)}`", "' onmouseover='x", "\ufeff<b>", "＜b＞", "<b\x00>", "<!doctype html>",
	// template injection
	"{{.Link}}", "{{define \"title\"}}x{{end}}", "${x}", "%s%n%d", "{{template \"frame.html.tmpl\"}}", "}}{{", "{{printf \"%s\" .}}",
	// links that a mail program makes by itself
	"https://evil.example/login", "http://evil.example", "HTTPS://EVIL.EXAMPLE", "//evil.example", "www.evil.example", "evil.example", "evil.example/path?q=1",
	"ftp://evil.example", "mailto:evil@evil.example", "tel:+15551234", "file:///etc/passwd", "hxxps://evil。example", "https：／／evil．example", "evil｡example",
	"http:\u200b//evil.example", "http:/\u00ad/evil.example", "https://roster.example@evil.example/", "user:pass@evil.example", "1.2.3.4", "[x](https://evil.example)", "<https://evil.example>",
	"a.https://evil.example.b", "http://[::1]/", "data:text/html,x", "evil.example:8080", "xn--e1afmkfd.xn--p1ai", "пример.рф",
	// text that moves other text, or pretends to be part of the mail
	"\u202egnp.exe", "\u2066\u2067\u2069", "\u200e\u200f", "e" + strings.Repeat("\u0301", 400), strings.Repeat("A", 5000), strings.Repeat("A ", 5000), strings.Repeat("界", 999),
	"Ana\n\nOpen this link: evil", "   ", "\t\n", "\u200b\u200b", "\u00ad", "\U000e0041\U000e0042", "\ue000", "\xff\xfe", "\xc3\x28", "\xed\xa0\x80", "\ufffd", "🙂👩‍👩‍👧", "مثال", "שלום",
	// more line ends and header syntax
	"x%0d%0aBcc: evil@evil.example", "x\\r\\nBcc: evil@evil.example", "x\u000bBcc: y", "x\u001c\u001d\u001e\u001fy", "Subject: evil", "From: evil@evil.example",
	"A:", "https:", "www.", "x\r\r\nBcc: evil@evil.example", "x\n\rBcc: evil@evil.example", "x嘊嘍Bcc: evil@evil.example", "\r\n.\r\n", "\r\n..\r\n", ".", "..", "QUIT", "DATA\r\n",
	"=?utf-8?B?PHNjcmlwdD4=?=", "=?iso-8859-1?Q?=41?= =?utf-8?Q?=42?=", "=?utf-7?q?+ADw-script+AD4-?=", "=?x?x?x?=", "=", "=0", "=0D", "=3d=3D", "a=?b?=c",
	"Content-Transfer-Encoding: base64", "boundary=roster-0", "MIME-Version: 2.0\r\n", "--", "----", "--roster-", "begin 644 x", ">From evil", "From evil Mon Jan 1 00:00:00 2026",
	"<>", "<@evil.example:x@y.example>", "undisclosed-recipients:;", "\"a\\\"b\" <evil@evil.example>", "x\\", "\"\"", "'", "(", "((((", ")", "a(b)c(d", ";", ",,,", ":", "@", "[", "]",
	// more HTML
	"<a href=javascript:alert(1)>", "<a\thref=//evil.example>", "<A HREF='//EVIL.EXAMPLE'>", "<img/src=x/onerror=alert(1)>", "<img src=x:alert(alt) onerror=eval(src) alt=0>",
	"<math><mi//xlink:href='data:x,y'>", "<svg><script>alert(1)</script></svg>", "<noscript><p title='</noscript><img src=x>'>", "<xmp><img src=x></xmp>", "<textarea></textarea>",
	"<table><td background=//evil.example>", "<div style=background:url(//evil.example)>", "<style>@import'//evil.example'</style>", "<link rel=stylesheet href=//evil.example>", "<object data=//evil.example>",
	"<embed src=//evil.example>", "<video poster=//evil.example>", "<input autofocus onfocus=x>", "<button formaction=//evil.example>", "<details open ontoggle=x>", "<marquee>", "<blink>", "<plaintext>", "<frameset>",
	"<head>", "<body onload=x>", "<html>", "</strong></p><p>", "</a><a href=//evil.example>", "<br>", "<hr>", "<!-->", "<!--><img src=x>-->", "<?php x ?>", "<%= x %>", "<![endif]-->", "<!--[if mso]>",
	"&lt;script&gt;", "&#x3c;script&#x3e;", "&amp;lt;", "&", "&&", "&nbsp;", "&#0;", "&#xfeff;", "&notanentity;", "&CounterClockwiseContourIntegral;", "\u003cscript\u003e", "\\u003cscript\\u003e",
	"<\u0000script>", "<scr<script>ipt>", "<<b>>", "< b>", "<b", "b>", "\">", "'>", "`>", "=>", "/>", "</", "<", ">", "\u2028</script>", "＜script＞", "﹤b﹥", "‹b›", "⟨b⟩",
	// more templates
	"{{", "}}", "{{.}}", "{{/*", "*/}}", "{{end}}", "{{range .}}{{end}}", "{{.Support}}", "{{$.Link}}", "{{block \"x\" .}}{{end}}", "{{- -}}", "{{html .Link}}", "{%x%}", "<%x%>", "#{x}", "$(x)", "`x`", "[[x]]", "%{x}", "%!s(MISSING)", "%%",
	// more links
	"evil.example.", "evil.example,", "(evil.example)", "evil．example", "evil。example/x", "ｅｖｉｌ.example", "evil.ｅｘａｍｐｌｅ", "https:evil.example", "https:/evil.example", "https:\\\\evil.example",
	"HtTpS://evil.example", "http://evil.example:80/", "http://user@evil.example", "http://2130706433/", "http://0x7f.1/", "http://[fe80::1%25en0]/", "ws://evil.example", "sms:+15551234", "callto:evil", "skype:evil", "whatsapp://send",
	"ms-settings:x", "vbscript:x", "view-source:https://evil.example", "blob:https://evil.example/x", "about:blank", "cid:x", "mid:x", "news:x", "irc://evil.example", "magnet:?xt=x", "geo:0,0", "urn:x:y", "x-apple:y", "\\\\evil\\share",
	"www.evil.example/path", "WWW.EVIL.EXAMPLE", "www.evil", "m.evil.example", "evil.example#x", "evil.example?x", "bit.ly/x", "evil.xn--p1ai", "évil.example", "evil.中国", "例え.テスト", "a.b", "1.1", "10.0.0.1/x", "::1", "v1.2.3",
	"Node.js", "St.Gallen", "e.V.", "z.B.", "A.B.C.", "Acme Inc.", "Acme, Inc.", "AC/DC", "24/7", "C:\\Windows", "a:b", "12:30", "@handle", "#tag", "a@b", "a@b.", "ana@[1.2.3.4]", "ana＠evil．example", "evil@evil。example",
	// more characters that move, hide or break text
	"\u061c\u2068x\u2069", "\u202dx\u202c", "\u202ax", "x\u2060y", "x\ufe0fy", "x\u034fy", "\u115f\u1160", "\u3164", "\u2800\u2800", "\u180e", "\u00a0", "\u2003\u2003", "\u3000", "\u200d\u200d", "\u200c", "\ufff9x\ufffay\ufffb",
	"\U0001f1e9\U0001f1ea", "👍🏽", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "\u0627\u064b\u064b\u064b", "Z\u0351\u036b\u0343\u036a\u0302", "ﷺ", "﷽﷽﷽", "𒐫", "\U0010ffff", "\ufdd0", "\ufffe", "\uffff", "\xc0\xaf", "\xf0\x9f", "\xf4\x90\x80\x80", "\x80",
	strings.Repeat("<b>", 50), strings.Repeat("\"", 200), strings.Repeat("&", 150), strings.Repeat(".", 120), strings.Repeat("a.", 60), strings.Repeat("\u200b", 300), strings.Repeat("=", 100), strings.Repeat("\r\n", 100), strings.Repeat("𝔸", 200),
}
