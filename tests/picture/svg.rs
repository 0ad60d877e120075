//! A terminal's screen as SVG: runs of equal style as text of a stated length, blocks and lines as shapes, so that it looks
//! the same whatever font a reader has.

use std::collections::BTreeMap;
use std::fmt::Write;

use vt100::{Cell, Color, Screen};

/// Size of a cell; lengths are in tenths of a pixel, to keep them short and exact.
const WIDTH: u32 = 84;
const HEIGHT: u32 = 180;
const BASELINE: u32 = 134;
const MARGIN: u32 = 120;
const BACKGROUND: &str = "#16181f";
const FOREGROUND: &str = "#c8ccd8";
/// The sixteen colours: black, red, green, yellow, blue, magenta, cyan, white, and bright.
const PALETTE: [&str; 16] = [
    "#1f222c", "#f0707a", "#8ccf7e", "#e5b567", "#6fa8f5", "#c58fe8", "#5fc9c9", "#c8ccd8", "#767c90", "#ff8b92",
    "#a8e09a", "#f5cd86", "#92c0ff", "#dcb0f7", "#86e0e0", "#f2f4fa",
];

#[derive(Clone, PartialEq)]
struct Style {
    colour: String,
    bold: bool,
    italic: bool,
    underline: bool,
}

/// The picture.
pub fn of(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (u32::from(columns) * WIDTH + 2 * MARGIN, u32::from(rows) * HEIGHT + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{}\" height=\"{}\" \
         font-family=\"ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace\" font-size=\"136\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"100\" fill=\"{BACKGROUND}\"/>\n",
        width / 10,
        height / 10
    );
    let mut shapes: BTreeMap<String, String> = BTreeMap::new();
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    let mut texts = String::new();
    for row in 0..rows {
        let y = MARGIN + u32::from(row) * HEIGHT;
        backgrounds(screen, row, y, &mut out);
        let mut run: Option<(u16, String, Style)> = None;
        for column in 0..columns {
            let Some(cell) = screen.cell(row, column).filter(|c| !c.is_wide_continuation()) else { continue };
            let x = MARGIN + u32::from(column) * WIDTH;
            let style = style_of(cell);
            let symbol = cell.contents();
            let drawn = symbol.chars().next().is_some_and(|c| {
                block(c, x, y, shapes.entry(style.colour.clone()).or_default())
                    || stroke(c, x, y, lines.entry(style.colour.clone()).or_default())
            });
            let blank = drawn || symbol.trim().is_empty();
            let wide = cell.is_wide();
            match &mut run {
                // One blank between words of one style stays inside the run; a gap ends it, so that columns stay columns.
                Some((_, text, old))
                    if !drawn && (*old == style || blank) && !wide && !(blank && text.ends_with(' ')) =>
                {
                    text.push(symbol.chars().next().unwrap_or(' '));
                    text.extend(symbol.chars().skip(1));
                }
                _ => {
                    end(&mut texts, run.take(), y);
                    if !blank {
                        run = Some((column, symbol.to_owned(), style));
                    }
                    if wide {
                        end_wide(&mut texts, run.take(), y);
                    }
                }
            }
        }
        end(&mut texts, run, y);
    }
    for (colour, path) in shapes.into_iter().filter(|(_, path)| !path.is_empty()) {
        writeln!(out, "<path fill=\"{colour}\" d=\"{path}\"/>").unwrap();
    }
    for (colour, path) in lines.into_iter().filter(|(_, path)| !path.is_empty()) {
        writeln!(out, "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"10\" d=\"{path}\"/>").unwrap();
    }
    out + &texts + "</svg>\n"
}

fn backgrounds(screen: &Screen, row: u16, y: u32, out: &mut String) {
    let columns = screen.size().1;
    let of = |column: u16| screen.cell(row, column).and_then(background_of);
    let mut column = 0;
    while column < columns {
        let colour = of(column);
        let end = (column..columns).find(|c| of(*c) != colour).unwrap_or(columns);
        if let Some(colour) = colour {
            let (x, width) = (MARGIN + u32::from(column) * WIDTH, u32::from(end - column) * WIDTH);
            writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\" fill=\"{colour}\"/>")
                .unwrap();
        }
        column = end;
    }
}

fn background_of(cell: &Cell) -> Option<String> {
    let colour = if cell.inverse() { Some(colour(cell.fgcolor(), FOREGROUND)) } else { None };
    colour.or_else(|| (cell.bgcolor() != Color::Default).then(|| self::colour(cell.bgcolor(), BACKGROUND)))
}

fn style_of(cell: &Cell) -> Style {
    let mut shown =
        if cell.inverse() { colour(cell.bgcolor(), BACKGROUND) } else { colour(cell.fgcolor(), FOREGROUND) };
    if cell.dim() && cell.fgcolor() == Color::Default {
        PALETTE[8].clone_into(&mut shown);
    }
    Style { colour: shown, bold: cell.bold(), italic: cell.italic(), underline: cell.underline() }
}

fn colour(colour: Color, default: &str) -> String {
    match colour {
        Color::Default => default.to_owned(),
        Color::Idx(n @ 0..16) => PALETTE[usize::from(n)].to_owned(),
        Color::Idx(n @ 16..232) => {
            let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
            let n = n - 16;
            format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        Color::Idx(n) => {
            let grey = 8 + 10 * (n - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

fn end(out: &mut String, run: Option<(u16, String, Style)>, y: u32) {
    let Some((column, text, style)) = run else { return };
    let text = text.trim_end();
    let columns = text.chars().count() as u32;
    place(out, column, columns, text, &style, y);
}

fn end_wide(out: &mut String, run: Option<(u16, String, Style)>, y: u32) {
    if let Some((column, text, style)) = run {
        place(out, column, 2, &text, &style, y);
    }
}

fn place(out: &mut String, column: u16, columns: u32, text: &str, style: &Style, y: u32) {
    if columns == 0 {
        return;
    }
    let (x, y) = (MARGIN + u32::from(column) * WIDTH, y + BASELINE);
    let mut looks = String::new();
    for (on, attribute) in [
        (style.bold, " font-weight=\"bold\""),
        (style.italic, " font-style=\"italic\""),
        (style.underline, " text-decoration=\"underline\""),
    ] {
        if on {
            looks.push_str(attribute);
        }
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" fill=\"{}\"{looks} textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{escaped}</text>",
        style.colour,
        columns * WIDTH
    )
    .unwrap();
}

/// Blocks as rectangles; shades as stripes of a share of the cell.
fn block(c: char, x: u32, y: u32, out: &mut String) -> bool {
    let mut rectangle = |x: u32, y: u32, w: u32, h: u32| write!(out, "M{x} {y}h{w}v{h}h-{w}z").unwrap();
    match c {
        '▁'..='█' => {
            // A little lower than the cell, so that charts in neighbouring rows stay apart.
            let height = (c as u32 - '▁' as u32 + 1) * (HEIGHT - 20) / 8;
            rectangle(x, y + HEIGHT - height, WIDTH, height);
        }
        '░' | '▒' | '▓' => {
            let thick = [6, 12, 20][(c as u32 - '░' as u32) as usize];
            (0..6).for_each(|stripe| rectangle(x, y + stripe * HEIGHT / 6, WIDTH, thick));
        }
        _ => return false,
    }
    true
}

/// Lines from the middle of a cell to its sides.
fn stroke(c: char, x: u32, y: u32, out: &mut String) -> bool {
    // left, right, up, down
    let (left, right, up, down) = match c {
        '─' | '━' => (true, true, false, false),
        '│' | '┃' => (false, false, true, true),
        '┌' | '╭' | '┏' => (false, true, false, true),
        '┐' | '╮' | '┓' => (true, false, false, true),
        '└' | '╰' | '┗' => (false, true, true, false),
        '┘' | '╯' | '┛' => (true, false, true, false),
        '├' => (false, true, true, true),
        '┤' => (true, false, true, true),
        '╵' => (false, false, true, false),
        _ => return false,
    };
    let (half, middle) = (WIDTH / 2, HEIGHT / 2);
    if left && right {
        write!(out, "M{x} {}h{WIDTH}", y + middle).unwrap();
    } else if left || right {
        write!(out, "M{} {}h{half}", if left { x } else { x + half }, y + middle).unwrap();
    }
    if up && down {
        write!(out, "M{} {y}v{HEIGHT}", x + half).unwrap();
    } else if up || down {
        write!(out, "M{} {}v{middle}", x + half, if up { y } else { y + middle }).unwrap();
    }
    true
}
