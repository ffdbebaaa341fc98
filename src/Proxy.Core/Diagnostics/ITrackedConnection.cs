namespace Proxy.Diagnostics;

/// <summary>A connection that carries its record itself: every connection has one, and a feature collection costs more than that.</summary>
internal interface ITrackedConnection
{
    /// <summary>The record; null until the tracking middleware has run.</summary>
    ConnectionRecord? Record { get; set; }
}
