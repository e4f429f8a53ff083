//! The operators that SWI-Prolog 9.0.4 starts with; none of them is a postfix operator.

/// How an operator binds: its priority and the highest priority of each operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    /// 1 binds tightest, 1200 loosest.
    pub(super) priority: u16,
    /// Highest priority on the left; 0 for a prefix operator.
    pub(super) left: u16,
    /// Highest priority on the right.
    pub(super) right: u16,
}

/// Highest priority of an argument, a list element or a dict value.
pub(super) const ARGUMENT: u16 = 999;

/// The infix operator called `name`.
pub(super) fn infix(name: &str) -> Option<Operator> {
    let xfx = |priority: u16| (priority, priority - 1, priority - 1);
    let xfy = |priority: u16| (priority, priority - 1, priority);
    let yfx = |priority: u16| (priority, priority, priority - 1);
    let (priority, left, right) = match name {
        ":-" | "-->" | "=>" => xfx(1200),
        "|" => xfy(1105),
        ";" => xfy(1100),
        "->" | "*->" => xfy(1050),
        "," => xfy(1000),
        ":=" => xfx(800),
        "=" | "==" | "\\=" | "\\==" | "<" | ">" | "=<" | ">=" | "=:=" | "=\\=" | "=.." | "is"
        | "as" | "=@=" | "\\=@=" | "@<" | "@>" | "@=<" | "@>=" | ":<" | ">:<" => xfx(700),
        ":" => xfy(600),
        "+" | "-" | "/\\" | "\\/" => yfx(500),
        "*" | "/" | "//" | "<<" | ">>" | "div" | "mod" | "rdiv" | "rem" | "xor" => yfx(400),
        "**" => xfx(200),
        "^" => xfy(200),
        "." => yfx(100),
        _ => return None,
    };
    Some(Operator { priority, left, right })
}

/// The prefix operator called `name`.
pub(super) fn prefix(name: &str) -> Option<Operator> {
    let (priority, right) = match name {
        ":-" | "?-" => (1200, 1199),
        "dynamic"
        | "discontiguous"
        | "initialization"
        | "meta_predicate"
        | "module_transparent"
        | "multifile"
        | "public"
        | "thread_initialization"
        | "thread_local"
        | "table"
        | "volatile" => (1150, 1149),
        "\\+" => (900, 900),
        "+" | "-" | "\\" => (200, 200),
        "$" => (1, 0),
        _ => return None,
    };
    Some(Operator { priority, left: 0, right })
}

/// Whether `name` needs brackets as an operand.
pub(super) fn is_operator(name: &str) -> bool {
    infix(name).is_some() || prefix(name).is_some()
}
