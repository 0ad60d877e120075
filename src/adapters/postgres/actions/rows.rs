//! The rows that a statement of a runbook gave, whatever its columns are: a line of names, one line each, in columns, and their number.
//! Every value is the server's own text of it.

use tokio_postgres::Row;
use unicode_width::UnicodeWidthStr;

use super::super::column::{Bytes, get};
use crate::domain::{Cause, Safe};

/// Rows that are shown, and columns of each on the screen.
pub const ROWS: usize = 20;
const WIDTH: usize = 200;
/// Most characters of one value.
const CELL: usize = 60;
/// Between two columns.
const GAP: &str = "  ";

/// A statement around `sql` that gives names and values of each row as texts, and one row more than are shown.
pub fn asked(sql: &str) -> String {
    let sql = sql.trim_end().trim_end_matches(';');
    let texts = |of: &str| format!("ARRAY(SELECT {of} FROM pg_catalog.json_each_text(quarterdeck_rows.one))");
    format!(
        "SELECT {}, {} FROM (SELECT pg_catalog.row_to_json(quarterdeck_row) AS one FROM (\n{sql}\n) AS quarterdeck_row \
         LIMIT {}) AS quarterdeck_rows",
        texts("key"),
        texts("value"),
        ROWS + 1
    )
}

/// The lines to show of an answer to [`asked`]; the last one says how many rows there are.
///
/// # Errors
///
/// When the answer is none of that shape.
pub fn told(answer: &[Row]) -> Result<Vec<Safe>, Cause> {
    let Some(first) = answer.first() else { return Ok(vec![Safe::of("no rows")]) };
    let mut lines = vec![cells(first, 0)?];
    for row in answer.iter().take(ROWS) {
        lines.push(cells(row, 1)?);
    }
    let mut told = aligned(&lines);
    told.push(Safe::of(match answer.len() {
        1 => "1 row".to_owned(),
        many if many > ROWS => format!("more than {ROWS} rows, the first of them are shown"),
        many => format!("{many} rows"),
    }));
    Ok(told)
}

fn cells(row: &Row, column: usize) -> Result<Vec<Safe>, Cause> {
    let texts = get::<Vec<Option<Bytes<'_>>>>(row, column)?;
    let of = |text: Option<Bytes<'_>>| text.map_or(Safe::of("NULL"), |text| text.keep().one_line().clipped(CELL));
    Ok(texts.into_iter().map(of).collect())
}

/// Columns as wide as their widest value; the last one ends where it ends.
fn aligned(lines: &[Vec<Safe>]) -> Vec<Safe> {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.as_str().width()).max();
    let widths: Vec<usize> = (0..columns).map(|at| widest(at).unwrap_or(0)).collect();
    let line = |cells: &Vec<Safe>| {
        let mut text = String::new();
        for (cell, width) in cells.iter().zip(&widths) {
            text.push_str(cell.as_str());
            text.extend(std::iter::repeat_n(' ', width - cell.as_str().width().min(*width)));
            text.push_str(GAP);
        }
        Safe::of(text.trim_end()).clipped(WIDTH)
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::{Safe, aligned};

    #[test]
    fn values_stand_under_their_names() {
        let of = |cells: &[&str]| cells.iter().map(Safe::of).collect::<Vec<_>>();
        let told = aligned(&[of(&["state", "sessions"]), of(&["idle in transaction", "13"]), of(&["größe"]), of(&[])]);
        let told: Vec<&str> = told.iter().map(Safe::as_str).collect();
        assert_eq!(told, ["state                sessions", "idle in transaction  13", "größe", ""]);
    }
}
