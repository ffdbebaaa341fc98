using Microsoft.AspNetCore.Server.Kestrel.Core;
using Proxy.Configuration.Host;

namespace Proxy.Host.Http;

/// <summary>Applies the section <c>Kestrel:Limits</c>, which Kestrel itself does not read from a configuration.</summary>
internal static class KestrelLimits
{
    public static void Apply(KestrelLimitsConfig config, KestrelServerLimits limits)
    {
        limits.MaxResponseBufferSize = Limit(config.MaxResponseBufferSize);
        limits.MaxRequestBufferSize = null; // the other sizes are compared with it at each assignment
        limits.MaxRequestLineSize = config.MaxRequestLineSize;
        limits.MaxRequestHeadersTotalSize = config.MaxRequestHeadersTotalSize;
        limits.MaxRequestBufferSize = Limit(config.MaxRequestBufferSize);
        limits.MaxRequestHeaderCount = config.MaxRequestHeaderCount;
        limits.MaxRequestBodySize = Limit(config.MaxRequestBodySize);
        limits.KeepAliveTimeout = config.KeepAliveTimeout;
        limits.RequestHeadersTimeout = config.RequestHeadersTimeout;
        limits.MaxConcurrentConnections = null; // see HttpConnectionLimit
        limits.MaxConcurrentUpgradedConnections = Limit(config.MaxConcurrentUpgradedConnections);
        limits.MinRequestBodyDataRate = Rate(config.MinRequestBodyDataRate);
        limits.MinResponseDataRate = Rate(config.MinResponseDataRate);
        limits.Http2.MaxStreamsPerConnection = config.Http2.MaxStreamsPerConnection;
        limits.Http2.HeaderTableSize = config.Http2.HeaderTableSize;
        limits.Http2.MaxFrameSize = config.Http2.MaxFrameSize;
        limits.Http2.MaxRequestHeaderFieldSize = config.Http2.MaxRequestHeaderFieldSize;
        limits.Http2.InitialConnectionWindowSize = config.Http2.InitialConnectionWindowSize;
        limits.Http2.InitialStreamWindowSize = config.Http2.InitialStreamWindowSize;
        limits.Http2.KeepAlivePingDelay = config.Http2.KeepAlivePingDelay;
        limits.Http2.KeepAlivePingTimeout = config.Http2.KeepAlivePingTimeout;
    }

    // -1 stands for "None", which Kestrel writes as null.
    private static long? Limit(long? limit) => limit >= 0 ? limit : null;

    private static MinDataRate? Rate(KestrelDataRateConfig rate) =>
        rate.BytesPerSecond < 0 ? null : new MinDataRate(rate.BytesPerSecond, rate.GracePeriod);
}
