using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Proxy.Limits;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The memory blocks that tunnels read into and write from, which count in the budget. Kestrel's own have 4 KiB: every TLS record would take
/// four reads of the socket and as many copies from pipe to pipe. Blocks are taken only while bytes are there; a waiting stream holds one at
/// least. Not counted are the buffers of <see cref="SocketsHttpHandler"/>, which takes no pool: what it has received of a tunnel that this
/// instance dialed is in them, up to <see cref="TunnelProtocol.StreamWindow"/>.
/// </summary>
internal sealed class TunnelMemory(ByteBudget budget) : MemoryPool<byte>
{
    /// <summary>The size of a block in bytes: the payload of one TLS record.</summary>
    public const int BlockSize = 16 * 1024;

    public override int MaxBufferSize => Array.MaxLength;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Block(budget, Math.Max(minBufferSize, BlockSize));

    protected override void Dispose(bool disposing)
    {
        // The blocks belong to the runtime's array pool, which trims itself.
    }

    /// <summary>Creates the pool; Kestrel resolves it from the services.</summary>
    public sealed class Factory(ByteBudget budget) : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new TunnelMemory(budget);
    }

    private sealed class Block : IMemoryOwner<byte>
    {
        private readonly ByteBudget _budget;
        private byte[]? _array;

        public Block(ByteBudget budget, int size)
        {
            _budget = budget;
            _array = ArrayPool<byte>.Shared.Rent(size);
            budget.Add(_array.Length);
        }

        public Memory<byte> Memory => _array ?? throw new ObjectDisposedException(nameof(Block));

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _array, null) is { } array)
            {
                ArrayPool<byte>.Shared.Return(array);
                _budget.Add(-array.Length);
            }
        }
    }
}
