using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TunnelMemoryTests
{
    [Theory]
    [InlineData(-1, TunnelMemory.BlockSize)]
    [InlineData(1, TunnelMemory.BlockSize)]
    [InlineData(100_000, 100_000)]
    public void Rent_AnySize_HasAtLeastARecord(int asked, int least)
    {
        using var memory = new TunnelMemory.Factory().Create();

        using var block = memory.Rent(asked);

        Assert.InRange(block.Memory.Length, least, 2 * least);
    }

    [Fact]
    public async Task TunnelServer_ItsMemory_IsThis()
    {
        var config = new TunnelConfig { Url = "http://127.0.0.1:0" };
        await using var server = new TunnelServer(config, null, null!, NullLoggerFactory.Instance);
        await server.StartAsync(CancellationToken.None);

        Assert.IsType<TunnelMemory.Factory>(server.Memory);
    }
}
