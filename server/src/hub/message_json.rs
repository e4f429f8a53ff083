//! The body of a message: what pages send to each other, without the time.

use relay::{Body, MAX_BODY_BYTES, Message, Stamp};
use serde_json::{Map, Number, Value};

/// A message as pages get it: its body, and its stamp as SWISH's `time`, in seconds since 1970.
///
/// A body that is no JSON object, which no node of this program makes, gives one with `time` only.
#[must_use]
pub fn json_of(message: &Message) -> Map<String, Value> {
    let mut json: Map<String, Value> = serde_json::from_slice(&message.body.0).unwrap_or_default();
    let time = Number::from_f64(seconds(message.row.place.stamp));
    json.insert("time".to_owned(), time.map_or(Value::Null, Value::Number));
    json
}

/// The body of a message that a page sends; none if it is longer than a body may be.
#[must_use]
pub fn body_of(mut json: Map<String, Value>) -> Option<Body> {
    json.remove("time");
    let bytes = serde_json::to_vec(&json).ok()?;
    (bytes.len() <= MAX_BODY_BYTES).then(|| Body(bytes.into()))
}

/// A stamp as SWISH writes a time.
#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "2^53 µs are 285 years")]
pub(super) fn seconds(stamp: Stamp) -> f64 {
    stamp.0 as f64 / 1e6
}

/// The stamp of a time in SWISH's files; none for what is no time.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::as_conversions,
    reason = "the range is checked"
)]
pub(super) fn stamp(seconds: f64) -> Option<Stamp> {
    /// The year 2200 or so: what is later is no time of a message.
    const LAST: f64 = 7.3e9;
    (0.0..LAST).contains(&seconds).then(|| Stamp((seconds * 1e6).round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_same_after_it_was_written_and_read() {
        for micros in [0, 1, 1_795_390_122_746_912, 1_795_397_724_681_798, 4_000_000_000_000_001] {
            assert_eq!(stamp(seconds(Stamp(micros))), Some(Stamp(micros)));
        }
        assert_eq!(stamp(1_795_397_724.681_798_2), Some(Stamp(1_795_397_724_681_798)));
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(stamp(wrong), None);
        }
    }
}
