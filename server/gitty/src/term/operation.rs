//! Operators and operands to a term, by the rules with which SWI-Prolog resolves them.
//!
//! Operators wait on one stack and operands on another. An operator that comes makes those that
//! bind tighter into terms; a prefix operator without an operand becomes an atom. The priority of
//! the surrounding argument bounds nothing: SWI-Prolog reads `[a:-b]`.

use super::{
    Term,
    lexer::Place,
    operators::{self, Operator},
    reader::{MAX_HEIGHT, ReadError, ReadErrorKind},
};

/// Above all operators: the end of a term.
const END: u16 = 1201;

/// One term while it is read.
#[derive(Default)]
pub(super) struct Operation {
    operators: Vec<Waiting>,
    operands: Vec<Operand>,
    /// Whether an operand was read that no infix operator follows yet.
    after_operand: bool,
}

/// An operator whose operands are not complete.
struct Waiting {
    name: String,
    operator: Operator,
    arity: usize,
    at: usize,
}

/// A complete operand.
struct Operand {
    tree: Tree,
    priority: u16,
}

/// A term that was read, with the levels below it.
pub(super) struct Tree {
    pub(super) term: Term,
    pub(super) height: usize,
}

impl Tree {
    pub(super) const fn leaf(term: Term) -> Self {
        Self { term, height: 0 }
    }

    /// A term over others, unless that makes it too high.
    pub(super) fn over(height: usize, at: usize, term: Term) -> Result<Self, ReadError> {
        if height >= MAX_HEIGHT {
            return Err(ReadError { at, kind: ReadErrorKind::TooDeep });
        }
        Ok(Self { term, height: height + 1 })
    }
}

impl Operation {
    pub(super) const fn is_empty(&self) -> bool {
        self.operators.is_empty() && self.operands.is_empty()
    }

    pub(super) const fn place(&self) -> Place {
        if self.after_operand { Place::AfterOperand } else { Place::BeforeOperand }
    }

    /// Adds an operand where one can stand.
    pub(super) fn operand(&mut self, tree: Tree) {
        self.operands.push(Operand { tree, priority: 0 });
        self.after_operand = true;
    }

    /// Adds a name as an operator; gives whether it is one there.
    pub(super) fn operator(&mut self, name: String, at: usize) -> Result<bool, ReadError> {
        if !self.after_operand
            && let Some(operator) = operators::prefix(&name)
        {
            self.operators.push(Waiting { name, operator, arity: 1, at });
            return Ok(true);
        }
        let Some(operator) = operators::infix(&name) else {
            return Ok(false);
        };
        self.prefix_to_atom(operator.left);
        if self.after_operand {
            self.reduce(operator.left)?;
            self.operators.push(Waiting { name, operator, arity: 2, at });
            self.after_operand = false;
            return Ok(true);
        }
        Ok(false)
    }

    /// The whole term, which ends at byte `end`.
    pub(super) fn finish(mut self, end: usize) -> Result<Tree, ReadError> {
        self.prefix_to_atom(END);
        self.reduce(END)?;
        let operator = self.operators.pop();
        match (operator, self.operands.pop()) {
            (None, Some(whole)) if self.operands.is_empty() => Ok(whole.tree),
            (Some(alone), None) if self.operators.is_empty() => {
                Ok(Tree::leaf(Term::Atom(alone.name)))
            }
            _ => Err(ReadError { at: end, kind: ReadErrorKind::Operator }),
        }
    }

    /// A prefix operator that has no operand, and could not take what follows, is an atom.
    fn prefix_to_atom(&mut self, priority: u16) {
        if self.after_operand {
            return;
        }
        let takes = |waiting: &mut Waiting| waiting.arity == 1 && priority > waiting.operator.right;
        if let Some(waiting) = self.operators.pop_if(takes) {
            self.operand(Tree::leaf(Term::Atom(waiting.name)));
        }
    }

    /// Makes terms of the operators that bind at least as tight as `priority`.
    fn reduce(&mut self, priority: u16) -> Result<(), ReadError> {
        while let Some(waiting) = self.operators.last() {
            let first = self.operands.len().checked_sub(waiting.arity);
            let Some(operands) = first.and_then(|first| self.operands.get(first..)) else {
                return Ok(());
            };
            if waiting.operator.priority > priority {
                return Ok(());
            }
            if !waiting.accepts(operands) {
                let clash = ReadError { at: waiting.at, kind: ReadErrorKind::Operator };
                return if priority == END { Err(clash) } else { Ok(()) };
            }
            self.apply()?;
        }
        Ok(())
    }

    /// Replaces the last operator and its operands by their term.
    fn apply(&mut self) -> Result<(), ReadError> {
        let Some(Waiting { name, operator, arity, at }) = self.operators.pop() else {
            return Ok(());
        };
        let operands = self.operands.split_off(self.operands.len().saturating_sub(arity));
        let height = operands.iter().map(|operand| operand.tree.height).max().unwrap_or(0);
        let args = operands.into_iter().map(|operand| operand.tree.term);
        let tree = Tree::over(height, at, Term::compound(name, args))?;
        self.operands.push(Operand { tree, priority: operator.priority });
        Ok(())
    }
}

impl Waiting {
    fn accepts(&self, operands: &[Operand]) -> bool {
        match operands {
            [right] => right.priority <= self.operator.right,
            [left, right] => {
                left.priority <= self.operator.left && right.priority <= self.operator.right
            }
            _ => false,
        }
    }
}
