//! From the parser's tree to the plan: types are checked, names resolved, patterns compiled, and what is not evaluated here is
//! refused by name.

use std::time::Duration;

use promql_parser::label::{MatchOp, Matcher as Parsed};
use promql_parser::parser::token;
use promql_parser::parser::{
    self, AggregateExpr, AtModifier, BinaryExpr, Expr, LabelModifier, Offset, SubqueryExpr, VectorMatchCardinality,
    VectorSelector,
};
use promql_parser::util::unquote_string;
use regex::Regex;

use super::failure::Refused;
use super::function;
use super::pattern::anchored;
use super::plan::{Aggregate, Binary, Cardinality, Matcher, Node, Operator, Selector, Source, Summary, Test, Window};
use super::prepare::{Prepared, RAW, prepared};
use super::vector::Grouping;
use crate::metrics::labels::NAME;

/// Deepest nesting.
const DEPTH: usize = 100;
/// Longest range or offset: a thousand years.
const LONGEST: i64 = 1_000 * 366 * 86_400_000;

/// What a node gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Scalar,
    Text,
    Vector,
    Matrix,
}

pub fn compiled(text: &str) -> Result<Node, Refused> {
    let Prepared { text, patterns, is_raw, is_info } = prepared(text)?;
    let invalid = |words| if is_info { Refused::outside("the function info") } else { Refused::invalid(words) };
    let tree = parser::parse(&text).map_err(invalid)?;
    let (node, _) = Compiler { depth: 0, patterns }.any(&tree)?;
    if is_raw { Err(Refused::outside("text that is not UTF-8")) } else { Ok(node) }
}

pub struct Compiler {
    depth: usize,
    patterns: Vec<String>,
}

/// An expression without the brackets around it.
pub fn bare(mut tree: &Expr) -> &Expr {
    while let Expr::Paren(inner) = tree {
        tree = &inner.expr;
    }
    tree
}

impl Compiler {
    fn any(&mut self, tree: &Expr) -> Result<(Node, Kind), Refused> {
        if self.depth >= DEPTH {
            return Err(Refused::outside(format!("an expression nested deeper than {DEPTH}")));
        }
        self.depth += 1;
        let made = self.of(tree);
        self.depth -= 1;
        made
    }

    fn of(&mut self, tree: &Expr) -> Result<(Node, Kind), Refused> {
        Ok(match bare(tree) {
            Expr::NumberLiteral(number) => (Node::Number(number.val), Kind::Scalar),
            Expr::StringLiteral(text) => (Node::Text(text.val.as_str().into()), Kind::Text),
            Expr::VectorSelector(selector) => (Node::Select(self.selector(selector)?), Kind::Vector),
            Expr::MatrixSelector(_) | Expr::Subquery(_) => (Node::Window(Box::new(self.window(tree)?)), Kind::Matrix),
            Expr::Unary(unary) => {
                let (node, kind) = self.any(&unary.expr)?;
                if !matches!(kind, Kind::Scalar | Kind::Vector) {
                    return Err(Refused::invalid("only a scalar or an instant vector can be negated"));
                }
                (Node::Negate(Box::new(node)), kind)
            }
            Expr::Binary(binary) => self.binary(binary)?,
            Expr::Aggregate(aggregate) => (self.aggregate(aggregate)?, Kind::Vector),
            Expr::Call(call) => function::compiled(self, call)?,
            Expr::Paren(_) => return Err(Refused::invalid("brackets without an expression")),
            Expr::Extension(_) => return Err(Refused::outside("an extension of the language")),
        })
    }

    /// A node of the kind that is needed.
    pub fn a(&mut self, wanted: Kind, tree: &Expr) -> Result<Node, Refused> {
        let (node, kind) = self.any(tree)?;
        if kind != wanted {
            return Err(Refused::invalid(format!("expected {wanted:?}, got {kind:?}").to_lowercase()));
        }
        Ok(node)
    }

    pub fn window(&mut self, tree: &Expr) -> Result<Window, Refused> {
        match bare(tree) {
            Expr::MatrixSelector(matrix) => {
                let mut selector = self.selector(&matrix.vs)?;
                let offset = std::mem::take(&mut selector.offset);
                Ok(Window { source: Source::Series(selector), range: positive(matrix.range)?, offset })
            }
            Expr::Subquery(subquery) => self.subquery(subquery),
            _ => Err(Refused::invalid("expected a range vector")),
        }
    }

    fn subquery(&mut self, subquery: &SubqueryExpr) -> Result<Window, Refused> {
        refuse_at(subquery.at.as_ref())?;
        let step = subquery.step.map(positive).transpose()?;
        let node = self.a(Kind::Vector, &subquery.expr)?;
        Ok(Window {
            source: Source::Steps { node, step },
            range: positive(subquery.range)?,
            offset: offset(subquery.offset.as_ref())?,
        })
    }

    fn binary(&mut self, binary: &BinaryExpr) -> Result<(Node, Kind), Refused> {
        let operator = operator(binary)?;
        let modifier = binary.modifier.as_ref();
        if modifier.is_some_and(|m| m.fill_values.lhs.is_some() || m.fill_values.rhs.is_some()) {
            return Err(Refused::outside("the modifier fill"));
        }
        let (left, left_kind) = self.any(&binary.lhs)?;
        let (right, right_kind) = self.any(&binary.rhs)?;
        let as_bool = modifier.is_some_and(|m| m.return_bool);
        let kind = match (left_kind, right_kind) {
            (Kind::Scalar, Kind::Scalar) if operator.is_set() => {
                return Err(Refused::invalid("a set operation needs vectors"));
            }
            (Kind::Scalar, Kind::Scalar) if operator.is_comparison() && !as_bool => {
                return Err(Refused::invalid("comparisons between scalars must use BOOL modifier"));
            }
            (Kind::Scalar, Kind::Scalar) => Kind::Scalar,
            (Kind::Vector, Kind::Vector) => Kind::Vector,
            (Kind::Vector, Kind::Scalar) | (Kind::Scalar, Kind::Vector) if !operator.is_set() => Kind::Vector,
            _ => {
                return Err(Refused::invalid("binary expression must contain only scalar and instant vector types"));
            }
        };
        let matching = match modifier.and_then(|m| m.matching.as_ref()) {
            Some(LabelModifier::Include(names)) => Grouping::by(boxed(&names.labels)),
            Some(LabelModifier::Exclude(names)) => Grouping::without(boxed(&names.labels)),
            None => Grouping::without([]),
        };
        let cardinality = match modifier.map(|m| &m.card) {
            Some(VectorMatchCardinality::ManyToOne(names)) => Cardinality::ManyToOne(boxed(&names.labels)),
            Some(VectorMatchCardinality::OneToMany(names)) => Cardinality::OneToMany(boxed(&names.labels)),
            _ => Cardinality::OneToOne,
        };
        let node = Binary { operator, left, right, as_bool, matching, cardinality };
        Ok((Node::Binary(Box::new(node)), kind))
    }

    fn selector(&self, parsed: &VectorSelector) -> Result<Selector, Refused> {
        refuse_at(parsed.at.as_ref())?;
        if !parsed.matchers.or_matchers.is_empty() {
            return Err(Refused::outside("or between label matchers"));
        }
        let mut metric: Option<Box<str>> = parsed.name.as_deref().map(Box::from);
        let mut matchers = Vec::new();
        for matcher in &parsed.matchers.matchers {
            let names = matcher.name == NAME && matches!(matcher.op, MatchOp::Equal) && !matcher.value.is_empty();
            if names && metric.is_none() {
                metric = Some(matcher.value.as_str().into());
            } else {
                matchers.push(self.matcher(matcher)?);
            }
        }
        // Else a slip of the pen would ask for every series there is.
        if metric.is_none() && matchers.iter().all(|matcher: &Matcher| matcher.matches("")) {
            return Err(Refused::invalid("vector selector must contain at least one non-empty matcher"));
        }
        Ok(Selector { metric, matchers, offset: offset(parsed.offset.as_ref())? })
    }

    fn matcher(&self, parsed: &Parsed) -> Result<Matcher, Refused> {
        let value = parsed.value.as_str();
        let test = match parsed.op {
            MatchOp::Equal => Test::Equal(value.into()),
            MatchOp::NotEqual => Test::NotEqual(value.into()),
            MatchOp::Re(_) => Test::Matches(self.pattern(value)?),
            MatchOp::NotRe(_) => Test::MatchesNot(self.pattern(value)?),
        };
        Ok(Matcher { name: parsed.name.as_str().into(), test })
    }

    /// The pattern that stood in a place of the text.
    fn pattern(&self, place: &str) -> Result<Regex, Refused> {
        let written = place.parse::<usize>().ok().and_then(|place| self.patterns.get(place));
        let written = written.ok_or_else(|| Refused::invalid("a pattern without a matcher"))?;
        anchored(&unquote_string(written).map_err(Refused::invalid)?)
    }

    fn aggregate(&mut self, aggregate: &AggregateExpr) -> Result<Node, Refused> {
        let summary = match aggregate.op.id() {
            token::T_SUM => Summary::Sum,
            token::T_AVG => Summary::Average,
            token::T_MIN => Summary::Minimum,
            token::T_MAX => Summary::Maximum,
            token::T_COUNT => Summary::Count,
            token::T_GROUP => Summary::Group,
            token::T_STDDEV => Summary::Stddev,
            token::T_STDVAR => Summary::Stdvar,
            token::T_TOPK => Summary::Top,
            token::T_BOTTOMK => Summary::Bottom,
            token::T_QUANTILE => Summary::Quantile,
            token::T_COUNT_VALUES => Summary::CountValues,
            _ => return Err(Refused::outside(format!("the aggregation {}", aggregate.op))),
        };
        let kind = if summary == Summary::CountValues { Kind::Text } else { Kind::Scalar };
        let parameter = aggregate.param.as_ref().map(|tree| self.a(kind, tree)).transpose()?;
        if let Some(Node::Text(label)) = &parameter {
            named(label).map_err(|label| Refused::invalid(format!("invalid label name \"{label}\"")))?;
        }
        let of = self.a(Kind::Vector, &aggregate.expr)?;
        let grouping = match &aggregate.modifier {
            Some(LabelModifier::Include(names)) => Grouping::by(boxed(&names.labels)),
            Some(LabelModifier::Exclude(names)) => Grouping::without(boxed(&names.labels)),
            None => Grouping::by([]),
        };
        Ok(Node::Aggregate(Box::new(Aggregate { summary, of, parameter, grouping })))
    }
}

fn boxed(names: &[String]) -> Vec<Box<str>> {
    names.iter().map(|name| name.as_str().into()).collect()
}

/// A label can have this name.
pub fn named(name: &str) -> Result<(), String> {
    if name.is_empty() || name.contains(RAW) { Err(name.replace(RAW, "\\x")) } else { Ok(()) }
}

fn operator(binary: &BinaryExpr) -> Result<Operator, Refused> {
    Ok(match binary.op.id() {
        token::T_ADD => Operator::Add,
        token::T_SUB => Operator::Subtract,
        token::T_MUL => Operator::Multiply,
        token::T_DIV => Operator::Divide,
        token::T_MOD => Operator::Modulo,
        token::T_POW => Operator::Power,
        token::T_ATAN2 => Operator::Atan2,
        token::T_EQLC => Operator::Equal,
        token::T_NEQ => Operator::NotEqual,
        token::T_GTR => Operator::Greater,
        token::T_LSS => Operator::Less,
        token::T_GTE => Operator::GreaterOrEqual,
        token::T_LTE => Operator::LessOrEqual,
        token::T_LAND => Operator::And,
        token::T_LOR => Operator::Or,
        token::T_LUNLESS => Operator::Unless,
        _ => return Err(Refused::outside(format!("the operator {}", binary.op))),
    })
}

fn refuse_at(at: Option<&AtModifier>) -> Result<(), Refused> {
    if at.is_some() { Err(Refused::outside("the modifier @")) } else { Ok(()) }
}

fn offset(offset: Option<&Offset>) -> Result<i64, Refused> {
    match offset {
        None => Ok(0),
        Some(Offset::Pos(duration)) => milliseconds(*duration),
        Some(Offset::Neg(duration)) => Ok(-milliseconds(*duration)?),
    }
}

fn milliseconds(duration: Duration) -> Result<i64, Refused> {
    let milliseconds = i64::try_from(duration.as_millis()).ok().filter(|ms| *ms <= LONGEST);
    milliseconds.ok_or_else(|| Refused::invalid("duration out of range"))
}

fn positive(duration: Duration) -> Result<i64, Refused> {
    let milliseconds = milliseconds(duration)?;
    if milliseconds == 0 { Err(Refused::invalid("duration must be greater than 0")) } else { Ok(milliseconds) }
}
