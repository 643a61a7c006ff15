//! Upper bounds for the memory of a `--query` expression, computed before it is evaluated. JMESPath has no loops: a
//! result grows only if parts are repeated side by side, one after the other (`[@,@]|[@,@]|...` doubles each time).

use jmespath::ast::Ast;

/// Upper bounds for the memory of an expression, as multiples of its input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth {
    /// The bound for the result.
    pub(super) size: u64,
    /// The bound for all values at any time of the evaluation.
    pub(super) peak: u64,
}

/// The sizes that the bounds depend on besides the expression.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs {
    /// The size of the input in bytes.
    pub(super) bytes: u64,
    /// The size of the literals in bytes: an array shares them, a text copies them.
    pub(super) literals: u64,
}

impl Growth {
    /// Computes the bounds of an expression.
    pub(super) fn of(ast: &Ast, inputs: Inputs) -> Growth {
        let of = |part: &Ast| Growth::of(part, inputs);
        match ast {
            Ast::Field { .. } | Ast::Identity { .. } | Ast::Index { .. } | Ast::Slice { .. } | Ast::Literal { .. } => {
                Growth { size: 1, peak: 1 }
            }
            Ast::Projection { lhs, rhs, .. } | Ast::Subexpr { lhs, rhs, .. } => of(lhs).then(of(rhs)),
            Ast::Comparison { lhs, rhs, .. } => Growth { size: 1, ..of(lhs).beside(of(rhs)) },
            Ast::And { lhs, rhs, .. } | Ast::Or { lhs, rhs, .. } => {
                let (lhs, rhs) = (of(lhs), of(rhs));
                Growth { size: lhs.size.max(rhs.size), ..lhs.beside(rhs) }
            }
            Ast::Condition { predicate, then, .. } => {
                let then = of(then);
                Growth { peak: then.peak.max(of(predicate).peak), ..then }
            }
            Ast::Not { node, .. } => Growth { size: 1, ..of(node) },
            Ast::Expref { ast: node, .. } | Ast::Flatten { node, .. } | Ast::ObjectValues { node, .. } => of(node),
            Ast::MultiList { elements, .. } => Growth::sum(elements.iter().map(of)),
            Ast::MultiHash { elements, .. } => Growth::sum(elements.iter().map(|element| of(&element.value))),
            Ast::Function { name, args, .. } => Growth::of_function(name, args, inputs),
        }
    }

    fn of_function(name: &str, args: &[Ast], inputs: Inputs) -> Growth {
        let of = |part: &Ast| Growth::of(part, inputs);
        let all = Growth::sum(args.iter().map(of));
        let size = match (name, args) {
            // The separator is repeated for each element.
            ("join", [Ast::Literal { .. }, list]) => of(list).size.saturating_mul(inputs.literals.max(1)),
            ("join", _) => all.size.saturating_mul(inputs.bytes.saturating_add(inputs.literals)),
            // Quotes and backslashes are escaped.
            ("to_string", _) => all.size.saturating_mul(2).saturating_mul(inputs.literals.max(1)),
            ("map", [node, list]) => return of(list).then(of(node)),
            ("sort_by" | "min_by" | "max_by", [list, node]) => {
                return Growth { size: of(list).size, ..of(list).then(of(node)) };
            }
            _ => all.size,
        };
        Growth { size, peak: all.peak.saturating_add(size) }
    }

    /// Combines with a part that is evaluated on the result of this one, or on each of its elements.
    fn then(self, next: Growth) -> Growth {
        let size = self.size.saturating_mul(next.size);
        Growth { size, peak: self.peak.max(self.size.saturating_mul(next.peak)).max(size) }
    }

    /// Combines with a part that is evaluated while the result of this one is still in memory.
    fn beside(self, next: Growth) -> Growth {
        let size = self.size.saturating_add(next.size);
        Growth { size, peak: self.peak.max(self.size.saturating_add(next.peak)) }
    }

    fn sum(parts: impl Iterator<Item = Growth>) -> Growth {
        parts.fold(Growth { size: 0, peak: 0 }, Growth::beside)
    }
}
