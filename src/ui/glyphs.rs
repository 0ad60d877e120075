//! The characters that the screen draws by itself, once for terminals with block and line glyphs and once in ASCII.

/// One set of characters; each is one column wide.
#[derive(Debug)]
pub struct Glyphs {
    /// Horizontal line of a frame.
    pub horizontal: char,
    /// Vertical line of a frame.
    pub vertical: char,
    /// Corners: top left, top right, bottom left, bottom right.
    pub corners: [char; 4],
    /// Before the title of the pane with the focus, and before a chosen row.
    pub pointer: char,
    /// Says that text was cut; may be several columns.
    pub ellipsis: &'static str,
    /// Eighths of a cell, lowest first.
    pub eighths: [char; 8],
    /// A bucket whose value is not a number: an attempt that failed.
    pub failed: char,
    /// A mark in a chart, such as a new version.
    pub mark: char,
    /// Parts of a bar, in turn; told apart without colour.
    pub parts: [char; 3],
    /// What is left of a bar.
    pub free: char,
    /// A limit in a bar.
    pub limit: char,
    /// A target or threshold in a chart of several rows.
    pub line: char,
    /// Order of a column: rising, falling.
    pub order: [char; 2],
    /// Where the next character of a typed line goes.
    pub caret: char,
}

/// For terminals that speak UTF-8.
pub static UNICODE: Glyphs = Glyphs {
    horizontal: '─',
    vertical: '│',
    corners: ['┌', '┐', '└', '┘'],
    pointer: '▶',
    ellipsis: "…",
    eighths: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    failed: '×',
    mark: '╵',
    parts: ['█', '▓', '▒'],
    free: '░',
    limit: '│',
    line: '┄',
    order: ['▲', '▼'],
    caret: '▏',
};

/// For `--ascii`, the C locale and serial lines.
pub static ASCII: Glyphs = Glyphs {
    horizontal: '-',
    vertical: '|',
    corners: ['+', '+', '+', '+'],
    pointer: '>',
    ellipsis: "..",
    eighths: ['_', '.', ':', '-', '=', '+', '*', '#'],
    failed: 'x',
    mark: '|',
    parts: ['#', '=', '%'],
    free: '.',
    limit: '|',
    line: '-',
    order: ['^', 'v'],
    caret: '_',
};
