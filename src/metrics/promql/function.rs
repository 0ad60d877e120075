//! Functions by name: what their arguments must be, and what is made of a call.

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{Call as Parsed, Expr};

use super::calendar::Part;
use super::compile::{Compiler, Kind, bare, named};
use super::elementwise::Elementwise;
use super::failure::Refused;
use super::over_time::OverTime;
use super::pattern::anchored;
use super::plan::{Call, Node};
use crate::metrics::labels::{Labels, NAME};

/// The parts of a call, taken in their order.
struct Arguments<'t> {
    compiler: &'t mut Compiler,
    call: &'t Parsed,
    next: usize,
}

impl<'t> Arguments<'t> {
    fn tree(&mut self) -> Result<&'t Expr, Refused> {
        let tree = self.call.args.args.get(self.next);
        self.next += 1;
        match tree {
            Some(tree) => Ok(tree),
            None => Err(Refused::invalid(format!("too few arguments in the call of {}", self.call.func.name))),
        }
    }

    fn more(&self) -> bool {
        self.next < self.call.args.args.len()
    }

    fn vector(&mut self) -> Result<Node, Refused> {
        let tree = self.tree()?;
        self.compiler.a(Kind::Vector, tree)
    }

    fn scalar(&mut self) -> Result<Node, Refused> {
        let tree = self.tree()?;
        self.compiler.a(Kind::Scalar, tree)
    }

    fn text(&mut self) -> Result<Box<str>, Refused> {
        match bare(self.tree()?) {
            Expr::StringLiteral(text) => Ok(text.val.as_str().into()),
            _ => Err(Refused::invalid(format!("expected text in the call of {}", self.call.func.name))),
        }
    }

    /// A label; `which` of those that the function takes.
    fn label(&mut self, which: &str) -> Result<Box<str>, Refused> {
        let label = self.text()?;
        let function = self.call.func.name;
        let words = |label| Refused::invalid(format!("invalid {which} label name in {function}(): {label}"));
        named(&label).map_err(words)?;
        Ok(label)
    }
}

pub fn compiled(compiler: &mut Compiler, call: &Parsed) -> Result<(Node, Kind), Refused> {
    let name = call.func.name;
    let mut arguments = Arguments { compiler, call, next: 0 };
    let made = made(name, &mut arguments)?;
    if arguments.more() {
        return Err(Refused::invalid(format!("too many arguments in the call of {name}")));
    }
    Ok(made)
}

fn made(name: &str, arguments: &mut Arguments<'_>) -> Result<(Node, Kind), Refused> {
    let call = match name {
        "time" => return Ok((Node::Time, Kind::Scalar)),
        "pi" => return Ok((Node::Number(std::f64::consts::PI), Kind::Scalar)),
        "scalar" => return Ok((Node::Call(Box::new(Call::Scalar(arguments.vector()?))), Kind::Scalar)),
        "vector" => Call::Vector(arguments.scalar()?),
        "timestamp" => Call::Timestamp(arguments.vector()?),
        "absent" => {
            let tree = arguments.tree()?;
            let of = arguments.compiler.a(Kind::Vector, tree)?;
            Call::Absent { of, labels: labels_of_absent(tree) }
        }
        "absent_over_time" => {
            let tree = arguments.tree()?;
            Call::AbsentOver { window: arguments.compiler.window(tree)?, labels: labels_of_absent(tree) }
        }
        "sort" | "sort_desc" => Call::Sort { of: arguments.vector()?, descending: name == "sort_desc" },
        "label_replace" => {
            let (of, target, template) = (arguments.vector()?, arguments.label("destination")?, arguments.text()?);
            let (source, pattern) = (arguments.text()?, arguments.text()?);
            let words = |refused| match refused {
                Refused::Invalid(_) => {
                    Refused::invalid(format!("invalid regular expression in label_replace(): {pattern}"))
                }
                outside @ Refused::Outside(_) => outside,
            };
            Call::Replace { of, target, template, source, pattern: anchored(&pattern).map_err(words)? }
        }
        "label_join" => {
            let (of, target, separator) = (arguments.vector()?, arguments.label("destination")?, arguments.text()?);
            let mut sources = Vec::new();
            while arguments.more() {
                sources.push(arguments.label("source")?);
            }
            Call::Join { of, target, separator, sources }
        }
        "histogram_quantile" => Call::HistogramQuantile { quantile: arguments.scalar()?, of: arguments.vector()? },
        "clamp" => each(Elementwise::Clamp, arguments, 2)?,
        "clamp_min" => each(Elementwise::ClampMin, arguments, 1)?,
        "clamp_max" => each(Elementwise::ClampMax, arguments, 1)?,
        "round" => each(Elementwise::Round, arguments, 1)?,
        _ => by_table(name, arguments)?,
    };
    Ok((Node::Call(Box::new(call)), Kind::Vector))
}

fn each(what: Elementwise, arguments: &mut Arguments<'_>, scalars: usize) -> Result<Call, Refused> {
    let of = arguments.vector()?;
    let mut values = Vec::new();
    while values.len() < scalars && (arguments.more() || !matches!(what, Elementwise::Round)) {
        values.push(arguments.scalar()?);
    }
    Ok(Call::Each { what, of, arguments: values })
}

fn by_table(name: &str, arguments: &mut Arguments<'_>) -> Result<Call, Refused> {
    if let Some(what) = Elementwise::plain(name) {
        return each(what, arguments, 0);
    }
    if let Some(part) = Part::named(name) {
        let of = if arguments.more() { Some(arguments.vector()?) } else { None };
        return Ok(Call::Calendar { part, of });
    }
    let Some(what) = over_time(name) else { return Err(Refused::outside(format!("the function {name}"))) };
    let before = if what == OverTime::Quantile { Some(arguments.scalar()?) } else { None };
    let tree = arguments.tree()?;
    let window = arguments.compiler.window(tree)?;
    let behind = if what == OverTime::PredictLinear { Some(arguments.scalar()?) } else { None };
    Ok(Call::Over { what, window, parameter: before.or(behind) })
}

fn over_time(name: &str) -> Option<OverTime> {
    Some(match name {
        "rate" => OverTime::Rate,
        "increase" => OverTime::Increase,
        "delta" => OverTime::Delta,
        "irate" => OverTime::Irate,
        "idelta" => OverTime::Idelta,
        "deriv" => OverTime::Deriv,
        "predict_linear" => OverTime::PredictLinear,
        "changes" => OverTime::Changes,
        "resets" => OverTime::Resets,
        "avg_over_time" => OverTime::Average,
        "min_over_time" => OverTime::Minimum,
        "max_over_time" => OverTime::Maximum,
        "sum_over_time" => OverTime::Sum,
        "count_over_time" => OverTime::Count,
        "last_over_time" => OverTime::Last,
        "stddev_over_time" => OverTime::Stddev,
        "stdvar_over_time" => OverTime::Stdvar,
        "quantile_over_time" => OverTime::Quantile,
        "present_over_time" => OverTime::Present,
        _ => return None,
    })
}

/// The labels that what is absent would have: those that a selector pins to one value, each named once.
fn labels_of_absent(tree: &Expr) -> Labels {
    let matchers: &[Matcher] = match bare(tree) {
        Expr::VectorSelector(selector) => &selector.matchers.matchers,
        Expr::MatrixSelector(matrix) => &matrix.vs.matchers.matchers,
        _ => &[],
    };
    let mut pinned: Vec<&str> = Vec::new();
    let mut labels = Labels::default();
    for matcher in matchers.iter().filter(|matcher| matcher.name != NAME) {
        let once = matches!(matcher.op, MatchOp::Equal) && !pinned.contains(&matcher.name.as_str());
        labels = labels.with(&matcher.name, if once { &matcher.value } else { "" });
        if once {
            pinned.push(&matcher.name);
        }
    }
    labels
}
