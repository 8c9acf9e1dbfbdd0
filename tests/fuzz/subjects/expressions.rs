pub fn expressions(_bytes: &[u8]) {}
