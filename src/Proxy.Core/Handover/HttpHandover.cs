using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Proxy.Handover;

/// <summary>The way of connections to Kestrel: what it accepts from, and its limits that matter before.</summary>
internal sealed class HttpHandover(IServiceProvider services) : IDisposable
{
    private readonly Lazy<MemoryPool<byte>> _memory = new(() =>
        services.GetService<IMemoryPoolFactory<byte>>()?.Create() ?? MemoryPool<byte>.Shared
    );

    /// <summary>Connections with HTTP/1, and with TLS whose application protocol chooses the version.</summary>
    public HandoverQueue ByAlpn { get; } = new();

    /// <summary>Connections without TLS that begin with HTTP/2.</summary>
    public HandoverQueue Http2 { get; } = new();

    /// <summary>Kestrel's limits; null while Kestrel was not told to accept.</summary>
    public KestrelServerLimits? Limits { get; set; }

    /// <summary>The memory of requests: Kestrel's.</summary>
    public MemoryPool<byte> Memory => _memory.Value;

    public void Dispose()
    {
        if (_memory.IsValueCreated)
        {
            _memory.Value.Dispose();
        }
    }
}
