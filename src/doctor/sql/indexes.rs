//! Unused indexes taken for missing ones, and means since the last reset taken for now.

use regex::Regex;

use super::scope;
use super::statement::Statement;
use super::token::{Kind, Token};
use crate::doctor::code::Code;
use crate::doctor::pattern::Pattern;

const VIEWS: &[&str] = &["pg_stat_user_indexes", "pg_stat_all_indexes"];

static MISSING: Pattern = Pattern::new(|| {
    Regex::new(r"missing[^\n]{0,20}index|index[^\n]{0,12}(?:is|are)? missing|index(?:es)? to add").ok()
});

/// Looks at a statement.
pub fn check(statement: &mut Statement<'_>) {
    let code = statement.code();
    if statement.reads(VIEWS) {
        unused(statement, &code);
    }
    if statement.reads(&["pg_stat_statements"]) {
        means(statement, &code);
    }
}

/// `idx_scan = 0` or `idx_scan < n`.
fn unused(statement: &mut Statement<'_>, code: &[Token]) {
    let never = code.windows(3).find_map(|w| match w {
        [scan, how, n]
            if scan.is("idx_scan") && (how.sign("=") && n.text == "0" || how.sign("<") || how.sign("<=")) =>
        {
            Some(scan.clone())
        }
        _ => None,
    });
    let Some(never) = never else { return };
    if MISSING.is_match(&statement.words) {
        let why = "idx_scan = 0 lists indexes that nobody uses, not those that are missing: a missing index shows in large tables that \
                   are read whole again and again";
        let right = "SELECT schemaname, relname, seq_scan, seq_tup_read, n_live_tup\nFROM pg_stat_user_tables\nWHERE n_live_tup > 10000 \
                     AND seq_scan > coalesce(idx_scan, 0)\nORDER BY seq_tup_read DESC;";
        statement.find_with(Code::UnusedTakenForMissing, never.line, why, right.to_owned());
    }
    if !code.iter().any(|t| matches!(t.text.as_str(), "indisunique" | "indisprimary" | "pg_constraint" | "conindid")) {
        let why = "among indexes that were never scanned are those of primary keys and unique constraints, which work without a scan; and \
                   the counters are of this server only, since its last reset";
        let of = scope::alias(code, VIEWS).map_or("pg_stat_user_indexes", |(_, name)| name);
        let conjunct = format!(
            "\n  AND NOT EXISTS (SELECT 1 FROM pg_index x WHERE x.indexrelid = {of}.indexrelid AND (x.indisunique OR x.indisprimary))"
        );
        let place = code.iter().position(|t| t.is("idx_scan") && t.at == never.at).and_then(|at| code.get(at + 2));
        if let Some(last) = place.filter(|_| code.iter().any(|t| t.is("where"))) {
            statement.insert_after(last, &conjunct);
        }
        statement.find(Code::UnusedWithConstraints, never.line, why);
    }
}

/// Two readings and what happened between them.
fn between(least: Option<&str>) -> String {
    let reading = "SELECT userid, dbid, queryid, min(query) AS query, sum(calls) AS calls, sum(total_exec_time) AS ms\nFROM pg_stat_statements GROUP BY userid, dbid, queryid";
    let least = least.map(|ms| format!("\n  AND (b.ms - a.ms) / (b.calls - a.calls) > {ms}")).unwrap_or_default();
    format!(
        "CREATE TEMP TABLE first_reading AS {reading};\nSELECT pg_sleep(60);\nCREATE TEMP TABLE second_reading AS {reading};\n\
         SELECT b.query, b.calls - a.calls AS calls, (b.ms - a.ms) / (b.calls - a.calls) AS mean_ms\n\
         FROM first_reading a JOIN second_reading b USING (userid, dbid, queryid)\nWHERE b.calls > a.calls{least}\nORDER BY b.ms - a.ms DESC LIMIT 10;"
    )
}

fn means(statement: &mut Statement<'_>, code: &[Token]) {
    let compared = code.windows(3).find_map(|w| match w {
        [mean, sign, least] if is_mean(mean) && (sign.sign(">") || sign.sign(">=")) => {
            Some((mean.clone(), least.clone()))
        }
        _ => None,
    });
    let Some((mean, least)) = compared else { return };
    let why = format!(
        "{} is the mean since the last reset: what was mended last month stays in the list, what turned slow today is not in it yet; \
         read calls and total_exec_time twice and divide the differences",
        mean.text
    );
    let least = (least.kind == Kind::Number).then_some(least.text.as_str());
    statement.find_with(Code::LifetimeMean, mean.line, why, between(least));
}

fn is_mean(token: &Token) -> bool {
    token.is("mean_exec_time") || token.is("mean_time")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pattern_is_read() {
        assert!(super::MISSING.reads() && super::MISSING.is_match("-- check missing indexes"));
        assert!(!super::MISSING.is_match("check indexes"));
    }
}
