//! The office: organisations, facilities, accounts, keys, and how the service runs.

use domain::problem::Language;

use super::Words;

words! { ENTRIES:
    facilities: "Cơ sở", "Facilities";
    organisations: "Tổ chức", "Organisations";
    accounts: "Tài khoản", "Accounts";
    sessions: "Phiên đăng nhập", "Sessions";
    destinations: "Nơi nhận", "Destinations";
    keys: "Khóa", "Keys";
    health: "Tình trạng", "Health";
}
