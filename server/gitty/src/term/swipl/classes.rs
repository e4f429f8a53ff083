//! The classes of all code points against those of the SWI-Prolog that is installed.

use super::swipl;

const CODE_POINTS: u32 = 0x11_0000;

/// The letter of each code point.
fn letters<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<char> {
    let runs: Vec<(u32, char)> = lines
        .map(|line| line.split_once(' ').unwrap())
        .map(|(start, letter)| {
            (u32::from_str_radix(start, 16).unwrap(), letter.chars().next().unwrap())
        })
        .collect();
    let ends = runs.iter().skip(1).map(|(start, _)| *start).chain([CODE_POINTS]);
    runs.iter()
        .zip(ends)
        .flat_map(|((start, letter), end)| (*start..end).map(|_| *letter))
        .collect()
}

#[test]
fn each_code_point_has_the_class_that_swi_prolog_gives_it() {
    let printed = swipl("classes.pl", &["--version-first"], String::new());
    let (version, runs) = printed.split_first().unwrap();
    let installed = letters(runs.iter().map(String::as_str));
    let ours = letters(include_str!("../classes.txt").lines());
    assert_eq!((installed.len(), ours.len()), (0x11_0000, 0x11_0000));
    let differences: Vec<String> = (0_u32..)
        .zip(installed.iter().zip(&ours))
        .filter(|(_, (installed, ours))| installed != ours)
        .map(|(code, (installed, ours))| {
            format!("U+{code:04X}: {installed} in SWI-Prolog {version}, {ours} in classes.txt")
        })
        .collect();
    super::assert_none(&differences);
}
