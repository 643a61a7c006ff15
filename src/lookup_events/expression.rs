//! JMESPath expressions of `--query`, parsed once and limited before they are evaluated.
//!
//! The crate `jmespath` implements the language. Three things differ from the JMESPath of the AWS CLI and are adapted
//! here: ordering operators compare text too, a literal between backquotes may be text without quotes, and whole
//! numbers remain integers.

use std::cmp::Ordering;

use jmespath::ast::{Ast, Comparator};
use jmespath::functions::{AbsFn, CeilFn, FloorFn, Function, SumFn};
use jmespath::{Context, ErrorReason, JmespathError, Rcvar, Runtime, RuntimeError, Variable};

use super::growth::{Growth, Inputs};
use crate::diagnostic::{Diagnostic, Span};
use crate::number;

/// The largest length of an expression in bytes.
const MAX_LENGTH: usize = 16 << 10;
/// The largest number of operators and brackets. Each nests the tree by at most one level, and parser and
/// interpreter need less than 2 KiB of stack a level.
const MAX_OPERATORS: usize = 1000;
/// The largest product of the input in bytes and the factor by which an expression can multiply it in memory.
const MAX_WORK: u64 = 4 << 30;
/// The largest step of a slice: the crate adds it to a 32-bit index.
const MAX_STEP: i32 = 1 << 30;
/// The hint with a correct expression.
const EXAMPLE: &str = "for example --query 'Events[].[EventTime,EventName,Username]'; the syntax is at jmespath.org";

/// A parsed `--query`.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    ast: Ast,
    /// The keys of every `{key: value}`, in their order.
    hashes: Vec<Vec<String>>,
    /// The size of its literals in bytes.
    literals: u64,
}

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// The text is not JMESPath, or too large to be evaluated safely.
    pub fn parse(text: &str) -> Result<Expression, Diagnostic> {
        let bad = |why: String| Diagnostic::new(format!("bad value for --query: {why}"));
        if text.len() > MAX_LENGTH {
            let length = number::count(text.len() as u64);
            let most = number::count(MAX_LENGTH as u64);
            return Err(bad(format!("the expression has {length} bytes, and {most} is the limit")));
        }
        let (accepted, operators) = scan(text);
        if operators > MAX_OPERATORS {
            let (operators, most) = (number::count(operators as u64), number::count(MAX_OPERATORS as u64));
            let why = format!("the expression has {operators} operators and brackets, and {most} is the limit");
            return Err(bad(why));
        }
        let mut ast = jmespath::parse(&accepted).map_err(|error| {
            let (why, place) = (reason(&error), error.offset.min(text.len()));
            Diagnostic { span: Some(Span::new(place, place + 1)), ..bad(why) }.in_source(text).hint(EXAMPLE)
        })?;
        if matches!(ast, Ast::Expref { .. }) {
            return Err(bad("`&` is for arguments of functions, such as sort_by(Events, &EventName)".to_owned()));
        }
        let mut hashes = Vec::new();
        adapt(&mut ast, &mut hashes);
        let literals = literal_bytes(&mut ast);
        Ok(Expression { text: text.to_owned(), ast, hashes, literals })
    }

    /// Evaluates the expression on `data`, whose size is `bytes`.
    ///
    /// # Errors
    /// A function gets a value of the wrong type, or the result could become too large.
    pub(super) fn search(&self, data: &Rcvar, bytes: u64) -> Result<Rcvar, Diagnostic> {
        self.check_size(bytes)?;
        let runtime = runtime();
        jmespath::interpret(data, &self.ast, &mut Context::new(&self.text, &runtime)).map_err(|error| {
            let at = Span::new(error.offset.min(self.text.len()), (error.offset + 1).min(self.text.len()));
            Diagnostic::at(at, format!("--query cannot be evaluated: {}", reason(&error))).in_source(&self.text)
        })
    }

    /// Rejects input that the expression could multiply beyond the memory limit.
    ///
    /// # Errors
    /// The input is too large.
    pub(super) fn check_size(&self, bytes: u64) -> Result<(), Diagnostic> {
        let factor = Growth::of(&self.ast, Inputs { bytes, literals: self.literals }).peak;
        if factor.saturating_mul(bytes) <= MAX_WORK {
            return Ok(());
        }
        let message = match factor {
            1 => "the events are too many for --query, which needs all of them in memory".to_owned(),
            _ => "--query could multiply the events to more than 4 GiB".to_owned(),
        };
        Err(Diagnostic::new(message)
            .note(format!("the events take {} so far", number::bytes(bytes)))
            .hint("limit them with --start-time, --end-time or --max-items, or ask with `trailq lookup`"))
    }

    /// Sorts the keys of an object as the AWS CLI prints them: as in the expression if it creates the
    /// object, otherwise as in the API.
    pub(super) fn in_order<'o>(&self, keys: impl Iterator<Item = &'o String>, api: &[&str]) -> Vec<&'o String> {
        let mut keys: Vec<&String> = keys.collect();
        let written =
            self.hashes.iter().find(|hash| hash.len() == keys.len() && keys.iter().all(|key| hash.contains(key)));
        match written {
            Some(hash) => keys.sort_by_key(|key| hash.iter().position(|written| written == *key)),
            None => keys.sort_by_key(|key| api.iter().position(|name| name == key).unwrap_or(api.len())),
        }
        keys
    }
}

/// Describes an error of an expression.
fn reason(error: &JmespathError) -> String {
    match &error.reason {
        ErrorReason::Parse(said) => {
            let (said, found) = said.split_once(" -- found ").unwrap_or((said, ""));
            let said = match said {
                "Unexpected nud token" => "an expression is expected",
                "Unexpected led token" | "Did not parse the complete expression" => {
                    "an operator or the end is expected"
                }
                other => other,
            };
            let end = if found == "Eof" { ", and the text ends" } else { " here" };
            let mut said = said.strip_suffix('.').unwrap_or(said).to_owned();
            if let Some(first) = said.get_mut(..1) {
                first.make_ascii_lowercase();
            }
            if found.is_empty() { said } else { said + end }
        }
        ErrorReason::Runtime(RuntimeError::UnknownFunction(name)) => format!("`{name}` is not a function of JMESPath"),
        ErrorReason::Runtime(RuntimeError::InvalidSlice) => "the step of a slice is not 0".to_owned(),
        ErrorReason::Runtime(RuntimeError::InvalidType { expected, actual, position }) => {
            let expected = expected.replace('|', " or ");
            format!("argument {} of the function is {expected}, and the value is {actual}", position + 1)
        }
        ErrorReason::Runtime(other) => {
            let mut said = other.to_string();
            if let Some(first) = said.get_mut(..1) {
                first.make_ascii_lowercase();
            }
            said
        }
    }
}

/// Replaces the backquotes of literals that are not JSON by `'`, at the same offsets, since the AWS CLI accepts these
/// as text, and counts the operators and opening brackets outside of quotes.
fn scan(text: &str) -> (String, usize) {
    let mut accepted = String::with_capacity(text.len());
    let mut operators = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\'' | '"' | '`' => quoted_length(rest, c),
            _ => c.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        let content = piece.strip_prefix('`').and_then(|piece| piece.strip_suffix('`'));
        match content.filter(|content| is_bare(content)) {
            Some(content) => {
                let text = content.trim_start();
                accepted.push_str(&format!("'{text}'{:blanks$}", "", blanks = content.len() - text.len()));
            }
            None => accepted.push_str(piece),
        }
        let operator = c.is_ascii_punctuation() && !matches!(c, '_' | ']' | ')' | '}' | '\'' | '"' | '`');
        operators += usize::from(operator);
    }
    (accepted, operators)
}

/// Returns the length of the quoted text at the start of `text`, with its quotes; to the end if it is not closed.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Reports whether a literal is text without quotes: not JSON, and nothing in it needs escaping.
fn is_bare(content: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(content).is_err()
        && !content.trim_start().is_empty()
        && !content.contains(['\'', '"', '\\'])
}

/// Replaces operations that differ from the AWS CLI's, and collects the keys of hashes.
fn adapt(ast: &mut Ast, hashes: &mut Vec<Vec<String>>) {
    if let Ast::MultiHash { elements, .. } = ast {
        let mut keys: Vec<String> = Vec::new();
        for element in elements.iter() {
            if !keys.contains(&element.key) {
                keys.push(element.key.clone());
            }
        }
        hashes.push(keys);
    }
    for child in children(ast) {
        adapt(child, hashes);
    }
    match ast {
        Ast::Slice { step, .. } => *step = (*step).clamp(-MAX_STEP, MAX_STEP),
        Ast::Comparison { offset, comparator, lhs, rhs } => {
            let Some(name) = ordering_function(comparator) else { return };
            let nothing = || Ast::Identity { offset: 0 };
            let args = [lhs, rhs].map(|side| std::mem::replace(&mut **side, nothing())).into();
            *ast = Ast::Function { offset: *offset, name: name.to_owned(), args };
        }
        _ => {}
    }
}

/// Returns the children of an expression.
fn children(ast: &mut Ast) -> Vec<&mut Ast> {
    match ast {
        Ast::Comparison { lhs, rhs, .. }
        | Ast::Projection { lhs, rhs, .. }
        | Ast::And { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::Subexpr { lhs, rhs, .. } => vec![lhs, rhs],
        Ast::Condition { predicate, then, .. } => vec![predicate, then],
        Ast::Expref { ast: node, .. }
        | Ast::Flatten { node, .. }
        | Ast::Not { node, .. }
        | Ast::ObjectValues { node, .. } => vec![node],
        Ast::Function { args: parts, .. } | Ast::MultiList { elements: parts, .. } => parts.iter_mut().collect(),
        Ast::MultiHash { elements, .. } => elements.iter_mut().map(|element| &mut element.value).collect(),
        Ast::Field { .. } | Ast::Identity { .. } | Ast::Index { .. } | Ast::Literal { .. } | Ast::Slice { .. } => {
            vec![]
        }
    }
}

/// Returns the size of the literals of an expression in bytes.
fn literal_bytes(ast: &mut Ast) -> u64 {
    match ast {
        Ast::Literal { value, .. } => value.to_string().len() as u64,
        other => children(other).into_iter().map(literal_bytes).fold(0, u64::saturating_add),
    }
}

/// Returns the name of the function that implements an ordering. No expression can contain it.
fn ordering_function(comparator: &Comparator) -> Option<&'static str> {
    match comparator {
        Comparator::LessThan => Some("<"),
        Comparator::LessThanEqual => Some("<="),
        Comparator::GreaterThan => Some(">"),
        Comparator::GreaterThanEqual => Some(">="),
        Comparator::Equal | Comparator::NotEqual => None,
    }
}

/// Returns the functions of JMESPath, as in the AWS CLI.
fn runtime() -> Runtime {
    let mut runtime = Runtime::new();
    runtime.register_builtin_functions();
    for name in ["<", "<=", ">", ">="] {
        let compare = move |args: &[Rcvar], _: &mut Context<'_>| {
            let found = match args {
                [a, b] => ordering(a, b).map_or(Variable::Null, |order| Variable::Bool(holds(name, order))),
                _ => Variable::Null,
            };
            Ok(Rcvar::new(found))
        };
        runtime.register_function(name, Box::new(compare));
    }
    runtime.register_function("abs", Box::new(IntegerResult(AbsFn::new())));
    runtime.register_function("ceil", Box::new(IntegerResult(CeilFn::new())));
    runtime.register_function("floor", Box::new(IntegerResult(FloorFn::new())));
    runtime.register_function("sum", Box::new(IntegerResult(SumFn::new())));
    runtime
}

/// Reports whether an order satisfies an ordering function.
fn holds(name: &str, order: Ordering) -> bool {
    match name {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// Compares two numbers or two texts; other values have no order.
fn ordering(a: &Variable, b: &Variable) -> Option<Ordering> {
    match (a, b) {
        (Variable::String(a), Variable::String(b)) => Some(a.cmp(b)),
        (a, b) => a.as_number()?.partial_cmp(&b.as_number()?),
    }
}

/// A function that returns whole numbers as integers: the crate returns floating-point numbers.
struct IntegerResult<F>(F);

impl<F: Function> Function for IntegerResult<F> {
    fn evaluate(&self, args: &[Rcvar], context: &mut Context<'_>) -> Result<Rcvar, JmespathError> {
        let found = self.0.evaluate(args, context)?;
        // Every integer up to 2^53 is exact in a floating-point number.
        let whole = found.as_number().filter(|number| number.fract() == 0.0 && number.abs() < (1_u64 << 53) as f64);
        Ok(whole.map_or(found, |number| Rcvar::new(Variable::Number((number as i64).into()))))
    }
}

#[cfg(test)]
mod tests {
    use jmespath::{Rcvar, Variable};

    use proptest::prelude::{prop, proptest};

    use super::{Expression, MAX_OPERATORS};

    /// Parts of expressions.
    const TOKENS: [&str; 46] = [
        "Events",
        "EventName",
        "n",
        "@",
        "*",
        ".",
        "[",
        "]",
        "[]",
        "[*]",
        "[?",
        "{",
        "}",
        "a:",
        "(",
        ")",
        ",",
        "|",
        "||",
        "&&",
        "&",
        "!",
        "==",
        "!=",
        "<",
        ">=",
        "0",
        "-1",
        "2147483647",
        ":",
        "::",
        "`1`",
        "`x`",
        "'s'",
        "\"q\"",
        "é",
        "length(",
        "sort_by(",
        "join(",
        "sum(",
        "max_by(",
        "to_string(",
        "keys(",
        "merge(",
        "reverse(",
        " ",
    ];

    fn data() -> Rcvar {
        let json = r#"{"Events":[{"EventTime":"2024-03-01T09:00:00+00:00","EventName":"B","n":[1,2,3]},
            {"EventTime":"2024-03-02T09:00:00+00:00","EventName":"A"}]}"#;
        Rcvar::new(Variable::from_json(json).unwrap())
    }

    fn found(text: &str) -> String {
        Expression::parse(text).unwrap().search(&data(), 200).unwrap().to_string()
    }

    #[test]
    fn texts_are_ordered_and_whole_numbers_remain_integers() {
        for (text, expected) in [
            ("Events[?EventTime>='2024-03-02'].EventName", r#"["A"]"#),
            ("Events[?EventTime<`2024-03-02`].EventName", r#"["B"]"#),
            ("Events[?EventName > EventTime].EventName", r#"["B","A"]"#),
            ("Events[?EventName>`1`]", "[]"),
            ("[sum(Events[0].n), abs(`-2`), ceil(`1.5`), floor(`1.5`), avg(Events[0].n)]", "[6,2,2,1,2.0]"),
            ("sum(`[1.5]`)", "1.5"),
            ("`2`>`1` && `1`<=`1`", "true"),
            ("Events[?EventName==`A`] | length(@)", "1"),
            ("[`  x`, `a b`, `\"q\"`, `1`, 'it`s', \"Events\"[0].n[1]]", r#"["x","a b","q",1,"it`s",2]"#),
            ("Events[0].n[1::2147483647]", "[2]"),
            ("Events[0].n[2::-2147483647]", "[3]"),
            ("Events[0].n[-2147483647]", "null"),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, said, start) in [
            ("Events[", "expected number, ':', or '*', and the text ends", 7),
            ("Events[?EventName==`A`", "expected ']', and the text ends", 22),
            ("Events..x", "expected identifier", 7),
            ("Events]", "an operator or the end is expected here", 6),
            ("a = b", "'=' is not valid. Did you mean '=='?", 2),
            ("", "an expression is expected, and the text ends", 0),
            ("é", "invalid character: é", 0),
            ("'abc", "unclosed ' delimiter", 0),
        ] {
            let mistake = Expression::parse(text).unwrap_err();
            assert!(mistake.message.starts_with("bad value for --query: "), "{mistake:?}");
            assert!(mistake.message.contains(said), "{text}: {mistake:?}");
            assert_eq!(mistake.span.map(|span| span.start), Some(start), "{text}");
        }
        for (text, said) in [
            ("nothing(@)", "`nothing` is not a function of JMESPath"),
            ("length(`1`)", "argument 1 of the function is array or object or string, and the value is number"),
            ("length()", "not enough arguments"),
            ("Events[::0]", "the step of a slice is not 0"),
        ] {
            let mistake = Expression::parse(text).unwrap().search(&data(), 200).unwrap_err();
            assert!(mistake.message.contains(said), "{text}: {mistake:?}");
        }
    }

    #[test]
    fn no_expression_overflows_the_stack() {
        for (open, close) in [
            ("[", "]"),
            ("(", ")"),
            ("!", ""),
            ("{a:", "}"),
            ("[?", "]"),
            ("&", ""),
            ("@.", ""),
            ("a|", ""),
            ("*.", ""),
        ] {
            for times in [MAX_OPERATORS / 2, 100_000] {
                for close in [close, ""] {
                    let text = format!("{}@{}", open.repeat(times), close.repeat(times));
                    if let Ok(expression) = Expression::parse(&text) {
                        let _ = expression.search(&data(), 200);
                    }
                }
            }
            let mistake = Expression::parse(&format!("{}@", open.repeat(100_000))).unwrap_err();
            assert!(mistake.message.contains("bytes, and 16,384 is the limit"), "{mistake:?}");
        }
        let mistake = Expression::parse(&"!".repeat(MAX_OPERATORS + 1)).unwrap_err();
        assert!(mistake.message.contains("1,001 operators and brackets, and 1,000 is the limit"), "{mistake:?}");
        for postfix in ["[]", "[*]", ".*", "[0]", ".a", "[?@]", "[:]"] {
            let expression = Expression::parse(&format!("@{}", postfix.repeat(MAX_OPERATORS / 3))).unwrap();
            let _ = expression.search(&data(), 200);
        }
        // Neither does a literal, nor text in quotes.
        assert!(Expression::parse(&format!("`{}`", "[".repeat(5000))).is_ok());
        assert!(Expression::parse(&format!("'{}'", "[".repeat(5000))).is_ok());
        let mistake = Expression::parse(&format!("`{}{}`", "[".repeat(5000), "]".repeat(5000))).unwrap_err();
        assert!(mistake.message.contains("recursion limit exceeded"), "{mistake:?}");
    }

    proptest! {
        #[test]
        fn no_expression_panics(tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..30)) {
            if let Ok(expression) = Expression::parse(&tokens.concat()) {
                let _ = expression.search(&data(), 200);
            }
        }
    }

    #[test]
    fn an_expression_that_multiplies_its_input_is_refused() {
        let doubled = "[@,@]|".repeat(60) + "@";
        let mistake = Expression::parse(&doubled).unwrap().search(&data(), 200).unwrap_err();
        assert!(mistake.message.contains("could multiply the events to more than 4 GiB"), "{mistake:?}");
        for text in ["join(to_string(@), Events[].EventName)", "map(&[@,@,@,@,@], Events)", "[@,@,@,@,@].to_string(@)"]
        {
            let expression = Expression::parse(text).unwrap();
            assert!(expression.search(&data(), 200).is_ok(), "{text}");
            assert!(expression.check_size(1 << 30).is_err(), "{text}");
        }
        for text in ["Events[].EventId", "Events[?EventName=='a'].EventName | sort(@)", "length(Events)"] {
            assert!(Expression::parse(text).unwrap().check_size(1 << 30).is_ok(), "{text}");
        }
        let mistake = Expression::parse("Events[]").unwrap().check_size(5 << 30).unwrap_err();
        assert!(mistake.message.contains("too many for --query"), "{mistake:?}");
    }
}
