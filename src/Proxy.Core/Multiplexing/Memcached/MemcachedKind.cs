namespace Proxy.Multiplexing.Memcached;

/// <summary>Commands that have the same form and the same replies.</summary>
internal enum MemcachedKind
{
    /// <summary>No command of the protocol.</summary>
    Unknown,

    /// <summary>It takes the connection over, or gets no reply that ends.</summary>
    Refused,

    /// <summary>It ends the client's connection without a reply.</summary>
    Quit,

    /// <summary>Values and END.</summary>
    Get,

    /// <summary>Values and END; the first argument is a time.</summary>
    GetAndTouch,

    /// <summary>A data block, and the result of storing it.</summary>
    Store,

    /// <summary>A number.</summary>
    Count,

    /// <summary>DELETED or NOT_FOUND.</summary>
    Delete,

    /// <summary>TOUCHED or NOT_FOUND.</summary>
    Touch,

    /// <summary>Lines and END; some have one line.</summary>
    Stats,

    /// <summary>VERSION and a text.</summary>
    Version,

    /// <summary>OK.</summary>
    Confirm,

    /// <summary>Any one line.</summary>
    Line,

    /// <summary>HD, EN, or VA and a data block.</summary>
    MetaGet,

    /// <summary>A data block, and a code.</summary>
    MetaSet,

    /// <summary>A code.</summary>
    MetaDelete,

    /// <summary>A code, or VA and a data block.</summary>
    MetaCount,

    /// <summary>MN.</summary>
    MetaNoop,

    /// <summary>ME and facts, or EN.</summary>
    MetaDebug,
}
