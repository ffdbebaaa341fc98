namespace Proxy.Diagnostics;

/// <summary>A connection that stores its record itself, since every connection has one and a feature collection costs more.</summary>
internal interface ITrackedConnection
{
    /// <summary>The record; null until the tracking middleware has run.</summary>
    ConnectionRecord? Record { get; set; }
}
