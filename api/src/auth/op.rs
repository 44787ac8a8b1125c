//! The operations as types: what a handler writes as `Admitted<op::DeclareStay>` names the row of
//! its right. A test compares each with the operation's id in the document.

use domain::rights::OperationId;
use domain::session::Stage;

use super::Access;
use crate::limit::RequestKind;

macro_rules! operations {
    ($( $stage:ident $kind:ident { $($operation:ident)+ } )+) => {
        $( $(
            #[doc = concat!("See [`OperationId::", stringify!($operation), "`].")]
            pub(crate) enum $operation {}

            impl Access for $operation {
                const OPERATION: OperationId = OperationId::$operation;
                const STAGE: Stage = Stage::$stage;
                const KIND: RequestKind = RequestKind::$kind;
            }
        )+ )+
    };
}

operations! {
    Complete Declare {
        DeclareStay AmendStay DepartStay ExtendStay CancelStay AnswerQuestion
    }

    Complete DeclareMany {
        DeclareStays ImportStays PutCensus
    }

    Complete Read {
        ValidateStay ReadScan ReplaceRooms
        ListStays ShowStay SearchStays ShowHistory ShowReceipt ShowDayReceipt
        ListImports ShowImport ListImportRows ShowRejectedRows ShowImportTemplate
        ListFacilities ShowFacility ShowDigest CompareReceipts ListDue ShowOccupancy ShowRooms
        ListWards
        ListEvents ShowLimits ListExpectedGuests NoteExpectedGuests RemoveExpectedGuest
        CreateWebhook ListWebhooks ShowWebhook DeleteWebhook EnableWebhook TestWebhook
        ListDeliveries ReplayDelivery
    }

    Complete Read {
        ListQueue ListCases ShowCase ListCaseVersions SummarizeCases ShowStatistics ListWithdrawals
        ClaimCases ExtendClaim ReleaseClaim ReleaseCase DecideCase
    }

    Complete Read {
        ListNotifications ShowNotification RequeueNotification RequeueNotifications
        ListDestinations ShowDestination PauseDestination ResumeDestination
        ListDutyDesks SetDutyDesk
        SummarizeParked ShowHealth
        ListOrganisations ShowOrganisation CreateOrganisation ChangeOrganisation EndOrganisation
        ListFacilityRecords ShowFacilityRecord CreateFacility ChangeFacility EndFacility
        ListKeys ShowKey CreateKey RevokeKey
    }

    Complete Read {
        CasesPage CasePage DashboardPage
    }

    Complete Read {
        RoomsPage RegisterPage ReconcilePage RosterPage HouseholdPage
    }

    Complete Read {
        HomePage DeskPage GroupPage ImportsPage WardPage TodayPage LivePage StayPage ReceiptPage
        SessionsPage AccountsPage MachinesPage FacilitiesPage
        DestinationsPage OrganisationsPage KeysPage HealthPage DutyDesksPage
    }

    // The second factor is presented in a session that lacks it.
    Password Read {
        ShowSession SignOut PresentCode BeginTotp ConfirmTotp
    }

    Complete Read {
        ChangePassword ListSessions EndSession
        ListAccounts ShowAccount CreateAccount ChangeAccount InviteAccount
        ListMachines EnrollMachine EndMachine
    }
}
