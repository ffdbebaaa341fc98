using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The memory blocks that the tunnel's server reads into and writes from. Kestrel's own have 4 KiB: every TLS record would take four reads
/// of the socket and as many copies from pipe to pipe. Blocks are taken only while bytes are there; a waiting stream holds one at least.
/// </summary>
internal sealed class TunnelMemory : MemoryPool<byte>
{
    /// <summary>The size of a block in bytes: the payload of one TLS record.</summary>
    public const int BlockSize = 16 * 1024;

    public override int MaxBufferSize => Shared.MaxBufferSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Shared.Rent(Math.Max(minBufferSize, BlockSize));

    protected override void Dispose(bool disposing)
    {
        // The blocks belong to the runtime's array pool, which trims itself.
    }

    /// <summary>Creates the pool; Kestrel resolves it from the services.</summary>
    public sealed class Factory : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new TunnelMemory();
    }
}
