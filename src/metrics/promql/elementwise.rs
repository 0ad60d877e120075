//! Functions of one value at a time, with scalars as further arguments.

use std::f64::consts::PI;

use super::sums;

#[derive(Clone, Copy, Debug)]
pub enum Elementwise {
    /// Of the value alone.
    Plain(fn(f64) -> f64),
    Clamp,
    ClampMin,
    ClampMax,
    Round,
}

impl Elementwise {
    /// The function of one value with this name.
    pub fn plain(name: &str) -> Option<Elementwise> {
        let function: fn(f64) -> f64 = match name {
            "abs" => f64::abs,
            "ceil" => f64::ceil,
            "floor" => f64::floor,
            "exp" => f64::exp,
            "ln" => f64::ln,
            "log2" => f64::log2,
            "log10" => f64::log10,
            "sqrt" => f64::sqrt,
            "sgn" => |value| {
                if value > 0.0 {
                    1.0
                } else if value < 0.0 {
                    -1.0
                } else {
                    value
                }
            },
            "deg" => |value| value * 180.0 / PI,
            "rad" => |value| value * PI / 180.0,
            "sin" => f64::sin,
            "cos" => f64::cos,
            "tan" => f64::tan,
            "asin" => f64::asin,
            "acos" => f64::acos,
            "atan" => f64::atan,
            "sinh" => f64::sinh,
            "cosh" => f64::cosh,
            "tanh" => f64::tanh,
            "asinh" => f64::asinh,
            "acosh" => f64::acosh,
            "atanh" => f64::atanh,
            _ => return None,
        };
        Some(Elementwise::Plain(function))
    }

    /// What it makes of a value; `None` where no element is kept.
    pub fn of(self, value: f64, arguments: &[f64]) -> Option<f64> {
        Some(match (self, arguments) {
            (Elementwise::Plain(function), _) => function(value),
            (Elementwise::Clamp, [least, most]) if most < least => return None,
            (Elementwise::Clamp, [least, most]) => sums::max(*least, sums::min(*most, value)),
            (Elementwise::ClampMin, [least]) => sums::max(*least, value),
            (Elementwise::ClampMax, [most]) => sums::min(*most, value),
            (Elementwise::Round, []) => (value + 0.5).floor(),
            (Elementwise::Round, [nearest]) => {
                let inverse = 1.0 / nearest;
                (value * inverse + 0.5).floor() / inverse
            }
            _ => return None,
        })
    }
}
