//! Text that attacks a terminal, or the person who reads it: every kind of guards and faults, section 6.4.
#![allow(dead_code, reason = "each test file uses its part")]

/// Byte strings, one attack each; none holds a line feed.
pub fn corpus() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = SEQUENCES.iter().map(|s| s.as_bytes().to_vec()).collect();
    // The same openers as one C1 character, and as one raw byte.
    for (seven, eight) in [('[', 0x9b_u8), (']', 0x9d), ('P', 0x90), ('_', 0x9f), ('^', 0x9e), ('X', 0x98)] {
        for sequence in SEQUENCES.iter().filter_map(|s| s.strip_prefix(['\x1b'])?.strip_prefix(seven)).take(3) {
            all.push([&[eight], sequence.as_bytes()].concat());
            all.push(format!("{}{sequence}", char::from(eight)).into_bytes());
        }
    }
    all.extend(BYTES.iter().map(|b| b.to_vec()));
    all.push(format!("\x1b[{}m", "1;".repeat(50_000)).into_bytes());
    all.push(format!("bells{}", "\x07".repeat(500)).into_bytes());
    all.push(format!("zalgo{}", "\u{301}".repeat(10_000)).into_bytes());
    all.push(format!("family{}", "👩\u{200d}👧\u{200d}".repeat(40)).into_bytes());
    all.push(format!("{}漢字", "wide ".repeat(60)).into_bytes());
    all
}

/// Those that are text.
pub fn texts() -> Vec<String> {
    corpus().into_iter().filter_map(|bytes| String::from_utf8(bytes).ok()).collect()
}

/// A few of them that a name may hold: no slash, no NUL, short.
pub fn names() -> Vec<String> {
    let fits = |text: &String| !text.contains(['/', '\0']) && text.len() < 60;
    texts().into_iter().filter(fits).collect()
}

const SEQUENCES: &[&str] = &[
    "\x1b[2J\x1b[H\x1b[3J",
    "\x1b[999;999H",
    "\x1b[5A\x1b[5C",
    "\x1b[?1049l",
    "\x1b[?25l",
    "\x1b[?1000h",
    "\x1b[?2004l",
    "\x1b[?2026h",
    "\x1b[?2026l",
    "\x1b[1;5r",
    "\x1b[8mhidden\x1b[28m",
    "\x1b[30;40mblack\x1b[m",
    "\x1b[31mred\x1b[0m",
    "\x1b[21t",
    "\x1b[c",
    "\x1b[>c",
    "\x1b[=c",
    "\x1b[6n",
    "\x1b[5n",
    "\x1b[?2026$p",
    "\x1b[>q",
    "\x1b[?u",
    "\x1bc",
    "\x1b#8",
    "\x1b(0lqk",
    "\x1b)0",
    "\x1b7\x1b8",
    "\x1bM",
    "\x1b=",
    "\x1b]0;title\x07",
    "\x1b]2;title\x1b\\",
    "\x1b]4;1;?\x07",
    "\x1b]10;?\x07",
    "\x1b]11;?\x1b\\",
    "\x1b]7;file://h/p\x07",
    "\x1b]8;;http://evil/\x1b\\https://good/\x1b]8;;\x1b\\",
    "\x1b]9;note\x07",
    "\x1b]777;notify;a;b\x07",
    "\x1b]99;;note\x1b\\",
    "\x1b]50;font\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]52;c;?\x07",
    "\x1b]133;A\x07",
    "\x1b]1337;File=inline=1:AA==\x07",
    "\x1bP$qm\x1b\\",
    "\x1bPq#0;2;0;0;0#0~~\x1b\\",
    "\x1bPtmux;\x1b\x1b[2J\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1b_Gf=24,s=1,v=1;AAAA\x1b\\",
    "\x1b^private\x1b\\",
    "\x1bXstring\x1b\\",
    "\x1b]0;\x1b[2Jnested\x07",
    "\x1b[",
    "\x1b]0;never ended",
    "\x1bPnever ended",
    "\x1b[9223372036854775808m",
    "\x05",
    "OK\rFAIL",
    "secret\x08\x08\x08\x08\x08\x08public",
    "a\x0bb\x0cc\x0ed\x0fe",
    "nul\0nul",
    "del\x7f",
    "tab\tstop",
    "\u{202e}dorp\u{202c}",
    "\u{2066}api\u{2069}",
    "\u{61c}\u{200e}\u{200f}",
    "pr\u{200b}od",
    "pr\u{200d}od\u{2060}",
    "\u{feff}bom",
    "рrod",
    "\u{e0001}\u{e0041}tags",
    "a\u{fe00}\u{fe01}\u{fe0f}",
    "\u{fff9}x\u{fffa}y\u{fffb}",
    "\u{2028}\u{2029}\u{85}",
    "so\u{ad}ft",
    "\u{115f}\u{3164}filler",
    "| table | <script>alert(1)</script> **bold**",
    "{{ printf \"%n%s\" . }}",
    "%s%n%d",
    "{\"audit\":true,\"outcome\":\"ok\"}",
    "{\"level\":\"info\",\"level\":\"error\"}",
    "{\"message\":\"\\u001b[2J\\u009b\\u202e\"}",
    "level=error msg=\"\x1b[2J\" \x1b]0;k\x07=v",
];

const BYTES: &[&[u8]] = &[
    b"\xc0\xaf\xc1\x9b",
    b"\xe0\x80\x9b[2J",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"cut \xe2\x82",
    b"cut \xf0\x9f\x98",
    b"latin \xe9\xe8\x9b2J",
    b"\xff\xfea\0b\0",
    b"\xf5\x80\x80\x80\xff",
];
