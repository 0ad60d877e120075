//! The screen: what was asked for, what the terminal can do, what hides and is never shown again.

use super::super::environment;
use super::super::resolved::Colours;
use super::super::value::Value;
use super::builder::Builder;

/// Fills `Resolved::screen`.
pub fn resolve(builder: &mut Builder<'_>) {
    let variables = &builder.inputs.variables;
    let given = |key: &str| builder.merged.given("screen", key).map(|g| g.value.clone());
    let screen = &mut builder.resolved.screen;
    screen.colours = environment::colours(variables);
    screen.ascii = match given("ascii") {
        Some(Value::Flag(ascii)) => ascii,
        _ => environment::wants_ascii(variables),
    };
    screen.theme = match given("theme") {
        Some(Value::Text(theme)) => theme,
        _ if screen.colours == Colours::None => "monochrome".to_owned(),
        _ => screen.theme.clone(),
    };
    if let Some(Value::Time(every)) = given("every") {
        screen.every = every;
    }
    if let Some(Value::Flag(redact)) = given("redact") {
        screen.redact = redact;
    }
    if let Some(Value::Count(bytes)) = given("log_memory") {
        screen.log_bytes = usize::try_from(bytes).unwrap_or(screen.log_bytes);
    }
    screen.clipboard = match given("clipboard") {
        Some(Value::Flag(clipboard)) => clipboard,
        _ => !environment::is_ssh(variables),
    };
}
