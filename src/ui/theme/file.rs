//! A theme's file: a palette of named colours (one of the sixteen, and optionally a finer one), then a look per role.
//! Unknown keys, unknown colours and missing roles are refused.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::{RawRoles, Roles};
use crate::config::resolved::Colours;

/// Named colours.
pub type Palette = BTreeMap<String, Paint>;

/// One colour at both depths.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paint {
    /// One of the sixteen, or `reset` for the terminal's own.
    basic: String,
    /// `#rrggbb`, or a number of the 256.
    full: Option<String>,
}

/// How a role looks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Look {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
    /// What it looks like instead where there are more than sixteen colours.
    full: Option<Box<Look>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    palette: Palette,
    roles: RawRoles,
}

/// Reads a theme for a depth of colour.
pub fn read(text: &str, colours: Colours) -> Result<Roles, String> {
    let file: ThemeFile = toml::from_str(text).map_err(|e| e.to_string())?;
    for (name, paint) in &file.palette {
        let both = basic(&paint.basic).and(paint.full.as_deref().map_or(Ok(Color::Reset), fine));
        both.map_err(|e| format!("{name}: {e}"))?;
    }
    file.roles.resolve(&file.palette, colours)
}

impl Look {
    /// The style at a depth of colour.
    pub fn style(&self, palette: &Palette, colours: Colours) -> Result<Style, String> {
        if colours == Colours::Full
            && let Some(full) = &self.full
        {
            return full.style(palette, colours);
        }
        let mut style = Style::new();
        if let Some(name) = &self.fg {
            style = style.fg(colour(name, palette, colours)?);
        }
        if let Some(name) = &self.bg {
            style = style.bg(colour(name, palette, colours)?);
        }
        for (wanted, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ] {
            if wanted {
                style = style.add_modifier(modifier);
            }
        }
        Ok(style)
    }
}

fn colour(name: &str, palette: &Palette, colours: Colours) -> Result<Color, String> {
    let paint = palette.get(name).ok_or_else(|| format!("no colour of the palette is called {name:?}"))?;
    match (&paint.full, colours) {
        (_, Colours::None) => Ok(Color::Reset),
        (Some(full), Colours::Full) => fine(full),
        _ => basic(&paint.basic),
    }
}

fn basic(word: &str) -> Result<Color, String> {
    Ok(match word {
        "reset" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        other => return Err(format!("{other:?} is not one of the sixteen colours")),
    })
}

fn fine(word: &str) -> Result<Color, String> {
    let wrong = || format!("{word:?} is neither #rrggbb nor a number up to 255");
    match word.strip_prefix('#') {
        Some(hex) if hex.len() == 6 => {
            let n = u32::from_str_radix(hex, 16).ok().ok_or_else(wrong)?;
            Ok(Color::Rgb((n >> 16) as u8, (n >> 8) as u8, n as u8))
        }
        Some(_) => Err(wrong()),
        None => word.parse().ok().map(Color::Indexed).ok_or_else(wrong),
    }
}
