//! The protocol of credential helpers, spoken by this program.

use std::sync::Arc;

use longshore::auth::{HelperAction, ProtocolError, Secret, Vault, answer_helper};
use serde_json::{Value, json};

use crate::support::vault::Shelf;

async fn ask(vault: &Arc<dyn Vault>, action: HelperAction, input: &str) -> Result<String, String> {
    answer_helper(action, input.as_bytes(), vault)
        .await
        .map_err(|error: ProtocolError| error.to_string())
}

#[tokio::test]
async fn what_is_stored_is_got_listed_and_erased() {
    let vault: Arc<dyn Vault> = Arc::new(Shelf::default());
    let login = json!({ "ServerURL": "quay.io", "Username": "org+robot", "Secret": "s:\"x" });
    assert_eq!(ask(&vault, HelperAction::Store, &login.to_string()).await.unwrap(), "");
    let got = ask(&vault, HelperAction::Get, "quay.io\n").await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&got).unwrap(), login);
    assert_eq!(ask(&vault, HelperAction::List, "").await.unwrap(), r#"{"quay.io":"org+robot"}"#);
    assert_eq!(ask(&vault, HelperAction::Erase, "quay.io").await.unwrap(), "");
    assert_eq!(ask(&vault, HelperAction::List, "").await.unwrap(), "{}");
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_words_that_callers_know() {
    let vault: Arc<dyn Vault> = Arc::new(Shelf::default());
    vault.store("a.io", "u", &Secret::new("p".into())).unwrap();
    assert_eq!(
        ask(&vault, HelperAction::Get, "quay.io").await.unwrap_err(),
        "credentials not found in native keychain"
    );
    assert_eq!(
        ask(&vault, HelperAction::Get, " \n").await.unwrap_err(),
        "no credentials server URL"
    );
    for bad in ["", "{}", r#"{"ServerURL":"a.io"}"#, "hunter2"] {
        let error = ask(&vault, HelperAction::Store, bad).await.unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn what_is_longer_than_a_login_is_refused() {
    let vault: Arc<dyn Vault> = Arc::new(Shelf::default());
    let login = json!({ "ServerURL": "a.io", "Username": "me", "Secret": "s".repeat(1 << 20) });
    let error = ask(&vault, HelperAction::Store, &login.to_string()).await.unwrap_err();
    assert_eq!(error, "the input has more than 1 MiB");
}
