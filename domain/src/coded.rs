//! One macro and one trait for the enumerations whose variants are words of the contract.

/// A closed set of words: the same in JSON, in tables and in metric labels.
///
/// Every enumeration that `coded!` writes is one. Generic code uses the trait; everybody else the
/// functions of the same names on the enumeration itself, which are `const`.
pub trait Coded: Copy + Eq + std::fmt::Debug + Send + Sync + 'static {
    /// What the set is called, for messages.
    const NAME: &'static str;

    /// Every word, in the order of the contract.
    const ALL: &'static [Self];

    /// The stable word.
    fn as_str(self) -> &'static str;

    /// The variant of a word, exactly as written by [`Self::as_str`].
    fn parse(word: &str) -> Option<Self>;
}

/// Writes an enum whose variants each carry the stable word used in JSON, tables and labels:
/// `ALL` (in the order of the contract), `as_str`, `parse` (exact, case-sensitive), `Display`, and
/// the word in JSON.
macro_rules! coded {
    (
        $(#[$outer:meta])*
        pub enum $name:ident {
            $( $(#[$inner:meta])* $variant:ident => $word:literal, )+
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[$inner])* $variant, )+
        }

        impl $name {
            /// Every variant, in the order of the contract.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable word of JSON, tables and metric labels.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }

            /// The variant of a word, exactly as written by [`Self::as_str`].
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $( $word => Some(Self::$variant), )+
                    _ => None,
                }
            }
        }

        impl $crate::coded::Coded for $name {
            const NAME: &'static str = stringify!($name);
            const ALL: &'static [Self] = Self::ALL;

            fn as_str(self) -> &'static str {
                Self::as_str(self)
            }

            fn parse(word: &str) -> Option<Self> {
                Self::parse(word)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                let word: std::borrow::Cow<'de, str> = serde::Deserialize::deserialize(source)?;
                // Without the word: it may be anything that was sent.
                let unknown = || serde::de::Error::custom(concat!("no ", stringify!($name)));
                Self::parse(&word).ok_or_else(unknown)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::Coded;
    use crate::stay::Presence;

    #[test]
    fn every_word_reads_as_the_variant_that_wrote_it_and_nothing_else_does() {
        fn is_closed<T: Coded>() -> bool {
            T::ALL
                .iter()
                .all(|one| T::parse(one.as_str()) == Some(*one))
        }
        assert!(is_closed::<Presence>());
        for stranger in ["", "Present", "present ", "here"] {
            assert_eq!(<Presence as Coded>::parse(stranger), None, "{stranger}");
        }
        assert_eq!(Presence::NAME, "Presence");
    }

    #[test]
    fn in_json_an_enumeration_is_its_word_and_another_word_is_refused_without_being_repeated() {
        let json = serde_json::to_string(&[Presence::Departed]).unwrap();
        assert_eq!(json, r#"["departed"]"#);
        assert_eq!(
            serde_json::from_str::<Vec<Presence>>(&json).unwrap(),
            [Presence::Departed]
        );
        let refused = serde_json::from_str::<Presence>(r#""here""#).unwrap_err();
        assert_eq!(refused.to_string(), "no Presence");
    }
}
