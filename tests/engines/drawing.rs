//! Draws expressions of the whole subset at random, the same for the same seed.

/// Functions of one value that take any.
const PLAIN: [&str; 14] =
    ["abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "deg", "rad", "sin", "cos", "atan"];
const RARER: [&str; 9] = ["tan", "asin", "acos", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"];
const OVER_TIME: [&str; 15] = [
    "delta",
    "irate",
    "idelta",
    "deriv",
    "changes",
    "resets",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "last_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "present_over_time",
];
const CALENDAR: [&str; 8] =
    ["minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"];
const AGGREGATE: [&str; 8] = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"];
const GROUPING: [&str; 9] = [
    "",
    "by (job) ",
    "by (job, instance) ",
    "by (code) ",
    "by (nothing) ",
    "without (instance) ",
    "without (job, code, le) ",
    "without () ",
    "by () ",
];
const SELECTORS: [&str; 16] = [
    "c_total",
    "c_total{code=\"200\"}",
    "c_total{code!=\"200\",job=\"a\"}",
    "c_total{code=~\"4..|5..\"}",
    "c_total{instance!~\"i[01]\"}",
    "g",
    "g",
    "g{job=\"b\"}",
    "g{instance=~\"i1|i2\",nothing=\"\"}",
    "{__name__=\"g\",job=~\".+\"}",
    "h_bucket{le!=\"+Inf\"}",
    "m",
    "m{zone=\"z1\"}",
    "t_seconds",
    "nothing",
    "{__name__=~\"g|m\"}",
];
const RANGES: [&str; 6] = ["1m", "2m", "5m", "7m30s", "10m", "20s"];
const OFFSETS: [&str; 7] = ["", "", "", "", " offset 1m", " offset 7m", " offset -2m"];
/// Steps of subqueries, with an offset that takes their borders off the steps of another around them.
const STEPS: [&str; 5] =
    ["[5m:1m] offset 2s", "[3m:10s] offset 2s", "[10m:30s] offset 1m2s", "[2m:] offset 2s", "[1m:5s] offset 3s"];
const COUNTERS: [&str; 5] =
    ["c_total", "c_total{code=~\"4..|5..\"}", "c_total{job=\"a\"}", "h_bucket", "{__name__=~\"c_total|h_bucket\"}"];
const ARITHMETIC: [&str; 6] = ["+", "-", "*", "/", "%", "^"];
const COMPARISON: [&str; 6] = ["==", "!=", ">", "<", ">=", "<="];
const MATCHING: [&str; 8] = [
    "",
    "",
    "on (job, instance) ",
    "ignoring (code) ",
    "on (job) group_left () ",
    "on (job) group_left (zone) ",
    "ignoring (instance, code, zone) group_right () ",
    "ignoring (zone) group_left () ",
];
const SETS: [&str; 3] = ["and", "or", "unless"];
const SET_MATCHING: [&str; 5] = ["", "on (job) ", "on () ", "ignoring (instance, code) ", "on (job, instance) "];

/// Chance that is the same every time.
pub struct Drawing(u64);

impl Drawing {
    pub fn new(seed: u64) -> Drawing {
        let mut drawing = Drawing(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d);
        drawing.below(1);
        drawing
    }

    pub fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u64::from((self.0 >> 32) as u32) * u64::from(end)) >> 32) as u32
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len() as u32) as usize]
    }

    pub fn expression(&mut self) -> String {
        match self.below(24) {
            0 => self.scalar(2),
            1 => format!("{}({})", self.one(&["sort", "sort_desc"]), self.vector(2)),
            // What is no number, where all servers agree about it.
            2..4 => self.odd(),
            _ => {
                let depth = 1 + self.below(3);
                self.vector(depth)
            }
        }
    }

    fn odd(&mut self) -> String {
        let range = self.one(&RANGES);
        match self.below(8) {
            0 => format!("odd {} {}", self.one(&ARITHMETIC), self.one(&["g", "odd", "2", "0"])),
            1 => format!("odd {} {}", self.one(&COMPARISON), self.one(&["g", "odd", "40", "bool 40", "bool odd"])),
            2 => format!("{}(odd)", self.one(&PLAIN)),
            3 => format!("{} {}(odd)", self.one(&["min", "max", "count", "sum"]), self.one(&GROUPING)),
            4 => format!("quantile {}(0.{}, odd)", self.one(&GROUPING), self.below(10)),
            5 => format!("quantile_over_time(0.{}, odd[{range}])", self.below(10)),
            6 => format!("clamp{}(odd, {})", self.one(&["_min", "_max"]), self.below(60)),
            _ => {
                let function = self.one(&["min", "max", "count", "last", "present", "sum"]);
                format!("{function}_over_time(odd[{range}])")
            }
        }
    }

    fn number(&mut self) -> String {
        match self.below(8) {
            0 => "0".to_owned(),
            1 => format!("-{}", self.below(9)),
            2 => format!("0.{}", self.below(100)),
            3 => "1e3".to_owned(),
            _ => self.below(40).to_string(),
        }
    }

    fn scalar(&mut self, depth: u32) -> String {
        match (depth, self.below(7)) {
            (0, _) | (_, 0..2) => self.number(),
            (_, 2) => self.one(&["time()", "pi()", "0x1F", "010", "-Inf", "NaN"]).to_owned(),
            (_, 3) => format!("scalar({})", self.one(&["m{zone=\"z0\"}", "sum(g)", "g", "nothing"])),
            (_, 4) => {
                let (left, right) = (self.scalar(depth - 1), self.scalar(depth - 1));
                format!("({left} {} bool {right})", self.one(&COMPARISON))
            }
            _ => {
                let (left, right) = (self.scalar(depth - 1), self.scalar(depth - 1));
                format!("({left} {} {right})", self.one(&ARITHMETIC))
            }
        }
    }

    fn selector(&mut self) -> String {
        format!("{}{}", self.one(&SELECTORS), self.one(&OFFSETS))
    }

    fn window(&mut self, depth: u32) -> String {
        if depth > 0 && self.below(3) == 0 {
            return format!("({}){}", self.vector(depth - 1), self.one(&STEPS));
        }
        format!("{}[{}]{}", self.one(&SELECTORS), self.one(&RANGES), self.one(&OFFSETS))
    }

    fn vector(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.selector();
        }
        let deeper = depth - 1;
        match self.below(22) {
            0..2 => {
                let (function, range) = (self.one(&["rate", "increase"]), self.one(&RANGES));
                format!("{function}({}[{range}]{})", self.one(&COUNTERS), self.one(&OFFSETS))
            }
            2..5 => format!("{}({})", self.one(&OVER_TIME), self.window(deeper)),
            5..8 => self.aggregate(deeper),
            8..10 => self.with_scalar(deeper),
            10..13 => self.two(deeper),
            13 => format!("{}({})", self.one(&PLAIN), self.vector(deeper)),
            14 => format!("-({})", self.vector(deeper)),
            15 => self.histogram(),
            16 => self.relabelled(deeper),
            17 => self.bounded(deeper),
            18 => self.of_time(deeper),
            19 => self.with_parameter(deeper),
            20 => match self.below(3) {
                0 => format!("absent({})", self.selector()),
                1 => format!("absent_over_time({})", self.window(deeper)),
                _ => format!("vector({})", self.scalar(deeper)),
            },
            _ => format!("{}({})", self.one(&RARER), self.vector(deeper)),
        }
    }

    fn aggregate(&mut self, depth: u32) -> String {
        let (of, grouping) = (self.vector(depth), self.one(&GROUPING));
        match self.below(13) {
            0 => format!(
                "{} {grouping}({}, {})",
                self.one(&["topk", "bottomk"]),
                self.below(4),
                self.one(&["g", "c_total"])
            ),
            1 => format!("quantile {grouping}(0.{}, {of})", self.below(100)),
            2 => format!("count_values {grouping}(\"value\", {})", self.one(&["g", "m", "floor(g / 8)", "m > 8"])),
            _ => format!("{} {grouping}({of})", self.one(&AGGREGATE)),
        }
    }

    fn with_scalar(&mut self, depth: u32) -> String {
        let (vector, scalar) = (self.vector(depth), self.scalar(depth.min(1)));
        let sides = if self.below(3) == 0 { (scalar, vector) } else { (vector, scalar) };
        let operator = match self.below(4) {
            0 => format!("{} bool", self.one(&COMPARISON)),
            1 => self.one(&COMPARISON).to_owned(),
            _ => self.one(&ARITHMETIC).to_owned(),
        };
        format!("({}) {operator} ({})", sides.0, sides.1)
    }

    fn two(&mut self, depth: u32) -> String {
        let (left, right) = (self.vector(depth), self.vector(depth));
        match self.below(7) {
            // Older servers leave the name to it.
            6 => format!("abs({left}) atan2 {}abs({right})", self.one(&MATCHING)),
            0 => format!("({left}) {} {}({right})", self.one(&SETS), self.one(&SET_MATCHING)),
            1 => format!("({left}) {} {}({right})", self.one(&COMPARISON), self.one(&MATCHING)),
            2 => format!("({left}) {} bool {}({right})", self.one(&COMPARISON), self.one(&MATCHING)),
            // Two that belong together.
            3 => format!(
                "c_total {} {}{}",
                self.one(&ARITHMETIC),
                self.one(&["", "on (job) group_left (zone) "]),
                self.one(&["m", "c_total"])
            ),
            4 => format!(
                "g {} {}{}",
                self.one(&ARITHMETIC),
                self.one(&MATCHING),
                self.one(&["m", "g", "c_total{code=\"500\"}"])
            ),
            _ => format!("({left}) {} {}({right})", self.one(&ARITHMETIC), self.one(&MATCHING)),
        }
    }

    fn histogram(&mut self) -> String {
        let quantile = self.one(&["0.5", "0.9", "0.99", "0", "1", "-1", "2", "scalar(m{zone=\"z0\"}) / 10"]);
        let range = self.one(&RANGES);
        let of = match self.below(4) {
            0 => format!("rate(h_bucket[{range}])"),
            1 => format!("sum by (le) (rate(h_bucket[{range}]))"),
            2 => format!("sum by (le, job) (increase(h_bucket[{range}]))"),
            _ => "h_bucket".to_owned(),
        };
        format!("histogram_quantile({quantile}, {of})")
    }

    fn relabelled(&mut self, depth: u32) -> String {
        let of = self.vector(depth);
        match self.below(5) {
            0 => format!("label_replace({of}, \"new\", \"$1-x\", \"instance\", \"i(.*)\")"),
            1 => format!("label_replace({of}, \"job\", \"${{1}}y$2\", \"job\", \"(a)|(b)\")"),
            2 => format!("label_replace({of}, \"instance\", \"\", \"instance\", \"i2\")"),
            3 => format!("label_replace({of}, \"__name__\", \"renamed\", \"job\", \".*\")"),
            _ => format!("label_join({of}, \"new\", \"-\", \"job\", \"instance\", \"nothing\")"),
        }
    }

    fn bounded(&mut self, depth: u32) -> String {
        let of = self.vector(depth);
        match self.below(5) {
            0 => format!("clamp({of}, {}, {})", self.number(), self.number()),
            1 => format!("clamp_min({of}, {})", self.number()),
            2 => format!("clamp_max({of}, {})", self.number()),
            3 => format!("round({of})"),
            _ => format!("round({of}, {})", self.one(&["0.1", "5", "0.25", "1e3"])),
        }
    }

    fn of_time(&mut self, depth: u32) -> String {
        match self.below(4) {
            0 => format!("timestamp({})", self.selector()),
            1 => format!("timestamp(abs({}))", self.vector(depth)),
            2 => format!("{}(t_seconds)", self.one(&CALENDAR)),
            _ => format!("{}()", self.one(&CALENDAR)),
        }
    }

    fn with_parameter(&mut self, depth: u32) -> String {
        match self.below(3) {
            0 => format!("quantile_over_time(0.{}, {})", self.below(100), self.window(depth)),
            1 => format!(
                "quantile_over_time({}, g[5m])",
                self.one(&["-1", "2", "1", "0", "scalar(m{zone=\"z0\"}) / 10"])
            ),
            _ => format!("predict_linear({}, {})", self.window(depth), self.number()),
        }
    }
}
