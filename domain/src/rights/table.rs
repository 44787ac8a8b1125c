//! The table: every operation under the right that it needs.
//!
//! The words of the API's operations are those of its document; the words of pages end in `Page`.

use super::{Denial, Right, RightScope};
use crate::role::AccountRole;
use crate::sender;

const DECLARING_KEYS: &[sender::Role] = &[sender::Role::Declarant, sender::Role::Integrator];
const POLICE_KEYS: &[sender::Role] = &[sender::Role::Police];
const OPERATORS_KEYS: &[sender::Role] = &[sender::Role::Admin];
/// Everybody who declares: a manager and the desks of facilities.
const DECLARERS: &[AccountRole] = &[
    AccountRole::Manager,
    AccountRole::FrontDesk,
    AccountRole::Ward,
    AccountRole::Dormitory,
    AccountRole::Residence,
];

/// Published.
const OPEN: Right = Right {
    keys: sender::Role::ALL,
    accounts: AccountRole::ALL,
    scope: RightScope::Public,
    denial: Denial::NotFound,
    is_reading: true,
};

/// Everybody who signs in, about their own session.
const SIGNED_IN: Right = Right {
    keys: &[],
    accounts: AccountRole::ALL,
    scope: RightScope::Own,
    denial: Denial::Forbidden,
    is_reading: false,
};

const DECLARING: Right = Right {
    keys: DECLARING_KEYS,
    accounts: DECLARERS,
    scope: RightScope::Facilities,
    denial: Denial::Forbidden,
    is_reading: false,
};

/// Keys of the police and of operators may ask too, and find nothing.
const READING: Right = Right {
    keys: sender::Role::ALL,
    is_reading: true,
    ..DECLARING
};

const KEEPING_ROOMS: Right = Right {
    accounts: &[AccountRole::Manager, AccountRole::Residence],
    ..DECLARING
};

/// Connecting programs: not the business of a desk.
const INTEGRATING: Right = Right {
    accounts: &[AccountRole::Manager],
    ..DECLARING
};

const ENROLLING: Right = Right {
    keys: &[],
    accounts: &[AccountRole::Manager],
    scope: RightScope::Organisation,
    denial: Denial::NotFound,
    is_reading: false,
};

const REVIEWING: Right = Right {
    keys: POLICE_KEYS,
    accounts: &[AccountRole::CommuneOfficer, AccountRole::ProvinceOfficer],
    scope: RightScope::Areas,
    denial: Denial::NotFound,
    is_reading: false,
};

const WATCHING: Right = Right {
    accounts: &[
        AccountRole::CommuneOfficer,
        AccountRole::ProvinceOfficer,
        AccountRole::Supervisor,
    ],
    is_reading: true,
    ..REVIEWING
};

/// The accounts of an organisation; an administrator manages those of all.
const MANAGING: Right = Right {
    keys: &[],
    accounts: &[AccountRole::Manager, AccountRole::Administrator],
    scope: RightScope::Organisation,
    denial: Denial::NotFound,
    is_reading: false,
};

const SEEING_ACCOUNTS: Right = Right {
    accounts: &[
        AccountRole::Manager,
        AccountRole::Auditor,
        AccountRole::Administrator,
    ],
    is_reading: true,
    ..MANAGING
};

const OPERATING: Right = Right {
    keys: OPERATORS_KEYS,
    accounts: &[AccountRole::Administrator],
    scope: RightScope::Installation,
    denial: Denial::NotFound,
    is_reading: false,
};

const AUDITING: Right = Right {
    accounts: &[AccountRole::Auditor, AccountRole::Administrator],
    is_reading: true,
    ..OPERATING
};

/// Pages: people see them, programs do not.
const fn for_people(right: Right) -> Right {
    Right { keys: &[], ..right }
}

const SIGNED_IN_PAGES: Right = for_people(SIGNED_IN);
const DESK_PAGES: Right = for_people(DECLARING);
const WARD_PAGES: Right = Right {
    accounts: &[AccountRole::Ward],
    ..DESK_PAGES
};
const ROOM_PAGES: Right = for_people(KEEPING_ROOMS);
const POLICE_PAGES: Right = for_people(WATCHING);
const MACHINE_PAGES: Right = for_people(ENROLLING);
const ACCOUNT_PAGES: Right = for_people(SEEING_ACCOUNTS);
const OPERATION_PAGES: Right = for_people(AUDITING);

macro_rules! table {
    ($( $right:ident { $( $operation:ident => $word:literal, )+ } )+) => {
        coded! {
            /// Everything that a caller can ask for.
            pub enum OperationId {
                $( $( #[doc = concat!("`", $word, "`.")] $operation => $word, )+ )+
            }
        }

        impl OperationId {
            /// The right that it needs.
            #[must_use]
            pub const fn right(self) -> &'static Right {
                match self {
                    $( $( Self::$operation => &$right, )+ )+
                }
            }
        }
    };
}

impl OperationId {
    /// Whether it shows a page, which stands in no document of the API.
    #[must_use]
    pub fn is_page(self) -> bool {
        self.as_str().ends_with("Page")
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn is_reading(self) -> bool {
        self.right().is_reading
    }
}

table! {
    OPEN {
        ListCatalogues => "listCatalogues",
        ShowCatalogue => "showCatalogue",
        ShowReceiptKeys => "showReceiptKeys",
        ShowAlive => "showAlive",
        ShowReady => "showReady",
        ShowDocument => "showDocument",
        ShowDocs => "showDocs",
        SignIn => "signIn",
        AcceptInvitation => "acceptInvitation",
        SignInPage => "signInPage",
        InvitationPage => "invitationPage",
        HelpPage => "helpPage",
    }

    SIGNED_IN {
        ShowSession => "showSession",
        SignOut => "signOut",
        PresentCode => "presentCode",
        BeginTotp => "beginTotp",
        ConfirmTotp => "confirmTotp",
        ChangePassword => "changePassword",
        ListSessions => "listSessions",
        EndSession => "endSession",
    }

    SIGNED_IN_PAGES {
        HomePage => "homePage",
        SessionsPage => "sessionsPage",
    }

    DECLARING {
        DeclareStay => "declareStay",
        DeclareStays => "declareStays",
        ValidateStay => "validateStay",
        ReadScan => "readScan",
        ImportStays => "importStays",
        PutCensus => "putCensus",
        AmendStay => "amendStay",
        DepartStay => "departStay",
        ExtendStay => "extendStay",
        CancelStay => "cancelStay",
        AnswerQuestion => "answerQuestion",
        NoteExpectedGuests => "noteExpectedGuests",
        RemoveExpectedGuest => "removeExpectedGuest",
    }

    READING {
        ListStays => "listStays",
        ShowStay => "showStay",
        SearchStays => "searchStays",
        ShowHistory => "showHistory",
        ShowReceipt => "showReceipt",
        ShowDayReceipt => "showDayReceipt",
        ListImports => "listImports",
        ShowImport => "showImport",
        ListImportRows => "listImportRows",
        ShowRejectedRows => "showRejectedRows",
        ShowImportTemplate => "showImportTemplate",
        ListFacilities => "listFacilities",
        ShowFacility => "showFacility",
        ShowDigest => "showDigest",
        CompareReceipts => "compareReceipts",
        ListDue => "listDue",
        ShowOccupancy => "showOccupancy",
        ShowRooms => "showRooms",
        ListWards => "listWards",
        ListExpectedGuests => "listExpectedGuests",
        ListEvents => "listEvents",
        ShowLimits => "showLimits",
    }

    DESK_PAGES {
        DeskPage => "deskPage",
        GroupPage => "groupPage",
        TodayPage => "todayPage",
        LivePage => "livePage",
        StayPage => "stayPage",
        ReceiptPage => "receiptPage",
        ImportsPage => "importsPage",
        CensusPage => "censusPage",
        RegisterPage => "registerPage",
        ReconcilePage => "reconcilePage",
        RosterPage => "rosterPage",
        HouseholdPage => "householdPage",
    }

    WARD_PAGES {
        WardPage => "wardPage",
    }

    KEEPING_ROOMS {
        ReplaceRooms => "replaceRooms",
    }

    ROOM_PAGES {
        RoomsPage => "roomsPage",
    }

    INTEGRATING {
        CreateWebhook => "createWebhook",
        ListWebhooks => "listWebhooks",
        ShowWebhook => "showWebhook",
        DeleteWebhook => "deleteWebhook",
        EnableWebhook => "enableWebhook",
        TestWebhook => "testWebhook",
        ListDeliveries => "listDeliveries",
        ReplayDelivery => "replayDelivery",
    }

    ENROLLING {
        ListMachines => "listMachines",
        EnrollMachine => "enrollMachine",
        EndMachine => "endMachine",
    }

    WATCHING {
        ListQueue => "listQueue",
        ListCases => "listCases",
        ShowCase => "showCase",
        ListCaseVersions => "listCaseVersions",
        SummarizeCases => "summarizeCases",
        ShowStatistics => "showStatistics",
        ListWithdrawals => "listWithdrawals",
    }

    REVIEWING {
        ClaimCases => "claimCases",
        ExtendClaim => "extendClaim",
        ReleaseClaim => "releaseClaim",
        ReleaseCase => "releaseCase",
        DecideCase => "decideCase",
    }

    POLICE_PAGES {
        CasesPage => "casesPage",
        CasePage => "casePage",
        DashboardPage => "dashboardPage",
    }

    SEEING_ACCOUNTS {
        ListAccounts => "listAccounts",
        ShowAccount => "showAccount",
    }

    MANAGING {
        CreateAccount => "createAccount",
        ChangeAccount => "changeAccount",
        InviteAccount => "inviteAccount",
    }

    ACCOUNT_PAGES {
        AccountsPage => "accountsPage",
        FacilitiesPage => "facilitiesPage",
    }

    MACHINE_PAGES {
        MachinesPage => "machinesPage",
    }

    AUDITING {
        ListNotifications => "listNotifications",
        ShowNotification => "showNotification",
        ListDestinations => "listDestinations",
        ShowDestination => "showDestination",
        ListDutyDesks => "listDutyDesks",
        SummarizeParked => "summarizeParked",
        ShowHealth => "showHealth",
        ListOrganisations => "listOrganisations",
        ShowOrganisation => "showOrganisation",
        ListFacilityRecords => "listFacilityRecords",
        ShowFacilityRecord => "showFacilityRecord",
        ListKeys => "listKeys",
        ShowKey => "showKey",
    }

    OPERATING {
        PauseDestination => "pauseDestination",
        ResumeDestination => "resumeDestination",
        SetDutyDesk => "setDutyDesk",
        RequeueNotification => "requeueNotification",
        RequeueNotifications => "requeueNotifications",
        CreateOrganisation => "createOrganisation",
        ChangeOrganisation => "changeOrganisation",
        EndOrganisation => "endOrganisation",
        CreateFacility => "createFacility",
        ChangeFacility => "changeFacility",
        EndFacility => "endFacility",
        CreateKey => "createKey",
        RevokeKey => "revokeKey",
    }

    OPERATION_PAGES {
        DestinationsPage => "destinationsPage",
        OrganisationsPage => "organisationsPage",
        KeysPage => "keysPage",
        HealthPage => "healthPage",
        DutyDesksPage => "dutyDesksPage",
    }
}
