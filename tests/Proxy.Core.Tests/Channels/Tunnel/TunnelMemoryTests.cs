using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Limits;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TunnelMemoryTests
{
    private readonly ByteBudget _budget = new(1_000_000);

    [Theory]
    [InlineData(-1, TunnelMemory.BlockSize)]
    [InlineData(1, TunnelMemory.BlockSize)]
    [InlineData(100_000, 100_000)]
    public void Rent_AnySize_HasAtLeastARecordAndIsCounted(int asked, int least)
    {
        using var memory = new TunnelMemory.Factory(_budget).Create();

        var block = memory.Rent(asked);

        Assert.InRange(block.Memory.Length, least, 2 * least);
        Assert.Equal(block.Memory.Length, _budget.Used);
        block.Dispose();
        block.Dispose();
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task TunnelServer_ItsMemory_IsThis()
    {
        var config = new TunnelConfig { Url = "http://127.0.0.1:0" };
        var pace = new TunnelPace(_budget, TimeProvider.System);
        await using var server = new TunnelServer(config, null, null!, NullLoggerFactory.Instance, pace);
        await server.StartAsync(CancellationToken.None);

        Assert.IsType<TunnelMemory.Factory>(server.Memory);
    }
}
