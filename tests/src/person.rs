//! Somebody in a browser: keeps cookies, and says of its requests what a browser says.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::answer::Answer;
use crate::caller::{Call, Caller};
use crate::time::now;

/// Half a minute: how long an authenticator shows a code.
const STEP_SECONDS: i64 = 30;

/// How to sign in to a demo account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoAccount {
    /// What is typed to sign in.
    pub name: String,
    /// The password.
    pub password: String,
    /// The secret of the authenticator, in base32.
    #[serde(default)]
    pub totp_secret: Option<String>,
}

/// Somebody in a browser.
pub struct Person {
    caller: Caller,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Person {
    /// Somebody at the service at this address, with a browser of their own.
    pub fn at(api: &str) -> Self {
        Self {
            caller: Caller::new(api, None),
            cookies: Mutex::default(),
        }
    }

    /// The same person in another window: the same cookies, connections of its own. A test's
    /// connections end with it.
    #[must_use]
    pub fn in_another_window(&self, api: &str) -> Self {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            caller: Caller::new(api, None),
            cookies: Mutex::new(cookies.clone()),
        }
    }

    /// Signs in to a demo account, whatever it needs.
    pub async fn signed_in(api: &str, account: &DemoAccount) -> Self {
        let person = Self::at(api);
        let opened = person.sign_in(&account.name, &account.password).await;
        let next = opened.expect(200)["next"].clone();
        if next == "code" {
            let secret = account.totp_secret.as_deref().expect("a secret");
            let code = code_of(secret, 0);
            let answer = person.present(&code).await;
            assert_eq!(answer.status, 204, "{}", answer.text());
        } else {
            assert_eq!(next, "nothing", "{}", account.name);
        }
        person
    }

    /// Gives name and password.
    pub async fn sign_in(&self, name: &str, password: &str) -> Answer {
        let body = json!({"name": name, "password": password});
        self.post("/v1/session", &body).await
    }

    /// Presents a one-time code.
    pub async fn present(&self, code: &str) -> Answer {
        self.post("/v1/session/code", &json!({"code": code})).await
    }

    /// Uses a one-time link.
    pub async fn accept(&self, token: &str, password: &str) -> Answer {
        let body = json!({"token": token, "password": password});
        self.post("/v1/invitations/acceptance", &body).await
    }

    /// Enrols an authenticator, with the code that it showed a moment ago; answers its secret and
    /// the recovery codes.
    pub async fn enrol(&self) -> (String, Value) {
        let begun = self.post("/v1/session/totp", &json!({})).await.expect(200);
        let secret = begun["secret"].as_str().expect("a secret").to_owned();
        loop {
            let began = current_step();
            let code = json!({"code": code_of(&secret, -1)});
            let confirmed = self.post("/v1/session/totp/confirmation", &code).await;
            // A code of a moment ago is too old once the next one is shown.
            if confirmed.status == 200 || current_step() == began {
                return (secret, confirmed.expect(200)["recovery_codes"].clone());
            }
        }
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.keep(self.call("GET", path).send().await)
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.keep(self.call("POST", path).json(body).send().await)
    }

    /// A PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        let call = self.call("PATCH", path);
        let call = call.body("application/merge-patch+json", body.to_string());
        self.keep(call.send().await)
    }

    /// A DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.keep(self.call("DELETE", path).send().await)
    }

    /// A call of the service's own page, to be filled.
    pub fn call(&self, method: &str, path: &str) -> Call {
        self.bare_call(method, path)
            .header("Sec-Fetch-Site", "same-origin")
    }

    /// The same with the cookies and nothing that tells which page sent it.
    pub fn bare_call(&self, method: &str, path: &str) -> Call {
        let call = self.caller.call(method, path);
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        if cookies.is_empty() {
            return call;
        }
        let pairs = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        call.header("Cookie", &pairs.collect::<Vec<_>>().join("; "))
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.get(name).cloned()
    }

    /// Sets a cookie, as somebody does who has stolen it.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.insert(name.to_owned(), value.to_owned());
    }

    fn keep(&self, answer: Answer) -> Answer {
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().expect("a cookie is text");
            let pair = line.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("name and value");
            self.set_cookie(name, value);
        }
        answer
    }
}

fn current_step() -> i64 {
    now().timestamp() / STEP_SECONDS
}

/// The code that an authenticator shows so many half minutes from now.
pub fn code_of(secret: &str, steps: i64) -> String {
    let secret = Secret::try_from_base32(secret).expect("a secret in base32");
    let totp: Totp = Builder::new()
        .with_secret(secret)
        .with_account_name("x")
        .build()
        .expect("an authenticator");
    let at = now() + TimeDelta::seconds(steps * STEP_SECONDS);
    let seconds = u64::try_from(at.timestamp()).expect("after 1970");
    totp.generate(seconds).to_string()
}
