//! Themes: what each role on the screen looks like. Five files are built in; each names colours once and then says which
//! role wears which. No other file of `ui` names a colour.

mod file;

use ratatui::style::{Color, Modifier, Style};

use super::glyphs::{ASCII, Glyphs, UNICODE};
use crate::app::table::Tone;
use crate::config::resolved::Colours;
use crate::domain::Safe;
use crate::domain::target::Environment;

/// The built-in themes, in the order in which they are stepped through.
pub const NAMES: &[&str] = &["dark", "light", "high-contrast", "colour-blind", "monochrome"];

/// What is used where no colours are to be had: modifiers alone.
const WITHOUT_COLOURS: &str = "monochrome";

/// Styles for every role, and the characters to draw with.
#[derive(Debug)]
pub struct Theme {
    /// Looks.
    pub roles: Roles,
    /// Characters.
    pub glyphs: &'static Glyphs,
    /// Nothing but ASCII may be written.
    pub ascii: bool,
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// The look of each role.
        #[derive(Debug)]
        pub struct Roles { $($(#[$doc])* pub $name: Style,)* }

        /// The same as it is written in a theme's file: every role is there, and no other key.
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct RawRoles { $($name: file::Look,)* }

        impl RawRoles {
            fn resolve(&self, palette: &file::Palette, colours: Colours) -> Result<Roles, String> {
                Ok(Roles { $($name: self.$name.style(palette, colours).map_err(|e| format!("{}: {e}", stringify!($name)))?,)* })
            }
        }
    };
}

roles! {
    /// The whole screen below everything.
    ground,
    /// Tone: plain text.
    plain,
    /// Tone: less important.
    dim,
    /// Tone: a name, a heading.
    strong,
    /// Tone: good.
    ok,
    /// Tone: past a threshold.
    warn,
    /// The same where it is drawn and not written: in bars and columns.
    warn_drawn,
    /// Tone: bad.
    bad,
    /// Tone: not known.
    unknown,
    /// Tone: stands out.
    accent,
    /// Old values, laid over what was drawn.
    stale,
    /// Frames.
    frame,
    /// Frame of the pane with the focus.
    frame_focused,
    /// Title of a pane, where its own tones say nothing else.
    title,
    /// Title of the pane with the focus.
    title_focused,
    /// Age or interval at the right of a title.
    corner,
    /// Headings of a table.
    heading,
    /// The selected row, laid over it.
    selection,
    /// A match of the search, laid over it.
    matched,
    /// The header line.
    header,
    /// The product's name.
    brand,
    /// A tab.
    tab,
    /// The tab of the page shown.
    tab_active,
    /// Environment band: on this machine.
    band_local,
    /// Environment band: development.
    band_dev,
    /// Environment band: staging.
    band_staging,
    /// Environment band: production.
    band_production,
    /// The shout that the screen is frozen.
    frozen,
    /// A key among the hints.
    hint_key,
    /// What the key does.
    hint,
    /// The line being typed.
    prompt,
    /// Sparklines.
    chart,
    /// Marks in charts.
    chart_mark,
    /// What is left of a bar.
    bar_free,
    /// A limit in a bar.
    bar_limit,
    /// Frame of what lies over the page.
    overlay_frame,
    /// What is covered by an overlay's shadow.
    shadow,
}

impl Theme {
    /// The look of a selected row is a ground laid below what stands there. Without colours of its own, and where the
    /// ground is the theme's already, it replaces all.
    pub fn keeps_tones_when_selected(&self) -> bool {
        let coloured = |style: Style| style.bg.is_some_and(|bg| bg != Color::Reset);
        coloured(self.roles.selection) && !coloured(self.roles.ground)
    }

    /// The theme of that name. Without colours the looks of `monochrome` are used, whatever the name.
    ///
    /// # Errors
    /// When there is no theme of that name; the words list those there are.
    pub fn load(name: &str, colours: Colours, ascii: bool) -> Result<Theme, Safe> {
        let unknown = || Safe::of(format!("no theme is called {name:?}; there are {}", NAMES.join(", ")));
        let named = source(name).ok_or_else(unknown)?;
        let text = if colours == Colours::None { source(WITHOUT_COLOURS).ok_or_else(unknown)? } else { named };
        let roles = file::read(text, colours).map_err(|e| Safe::of(format!("theme {name}: {e}")))?;
        Ok(Theme { roles, glyphs: if ascii { &ASCII } else { &UNICODE }, ascii })
    }

    /// The look of a tone.
    #[must_use]
    pub fn tone(&self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => self.roles.plain,
            Tone::Dim => self.roles.dim,
            Tone::Strong => self.roles.strong,
            Tone::Ok => self.roles.ok,
            Tone::Warn => self.roles.warn,
            Tone::Bad => self.roles.bad,
            Tone::Unknown => self.roles.unknown,
            Tone::Accent => self.roles.accent,
        }
    }

    /// The look of a tone for glyphs that are drawn with their shape: a block of background would hide it.
    #[must_use]
    pub fn solid(&self, tone: Tone) -> Style {
        let style = if tone == Tone::Warn { self.roles.warn_drawn } else { self.tone(tone) };
        match style.bg {
            Some(background) if background != Color::Reset && tone != Tone::Plain => Style::new().fg(background),
            _ => style.remove_modifier(Modifier::REVERSED | Modifier::UNDERLINED),
        }
    }

    /// The band of an environment.
    #[must_use]
    pub fn band(&self, environment: &Environment) -> Style {
        match environment {
            Environment::Local => self.roles.band_local,
            Environment::Dev => self.roles.band_dev,
            Environment::Staging => self.roles.band_staging,
            Environment::Production => self.roles.band_production,
        }
    }
}

fn source(name: &str) -> Option<&'static str> {
    Some(match name {
        "dark" => include_str!("../../../themes/dark.toml"),
        "light" => include_str!("../../../themes/light.toml"),
        "high-contrast" => include_str!("../../../themes/high-contrast.toml"),
        "colour-blind" => include_str!("../../../themes/colour-blind.toml"),
        "monochrome" => include_str!("../../../themes/monochrome.toml"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
