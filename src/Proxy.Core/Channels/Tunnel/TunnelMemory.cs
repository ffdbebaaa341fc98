using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The blocks that the tunnel's server reads into and writes from. Kestrel's own have 4 KiB: four reads of the socket, and as many copies
/// from pipe to pipe, for every TLS record. They are taken only while bytes are there, and a stream that waits holds one at least.
/// </summary>
internal sealed class TunnelMemory : MemoryPool<byte>
{
    /// <summary>The size of a block in bytes: what a TLS record holds.</summary>
    public const int BlockSize = 16 * 1024;

    public override int MaxBufferSize => Shared.MaxBufferSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Shared.Rent(Math.Max(minBufferSize, BlockSize));

    protected override void Dispose(bool disposing)
    {
        // The blocks are the runtime's, which takes unused ones back.
    }

    /// <summary>What Kestrel asks for a pool.</summary>
    public sealed class Factory : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new TunnelMemory();
    }
}
