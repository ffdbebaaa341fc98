using Microsoft.Extensions.DependencyInjection;
using Proxy.Core.Tests.Hooks;
using Proxy.Hooks;

namespace Proxy.Core.Tests.EndToEnd.Hooks;

public sealed class AddHookTests
{
    [Fact]
    public async Task AddHook_Name_IsKnownToStepsAndTheLastOfTwoIsUsed()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddTcpProxy().AddHook<First>().AddHook<Second>();
        await using var provider = services.BuildServiceProvider();

        var list = provider.GetRequiredService<HookListFactory>().Create([new() { Hook = "NAME" }]);
        var result = await list.RunAsync(TestHooks.Event, CancellationToken.None);

        Assert.Equal("step 1 (Hook name) failed: second", result.Reason);
    }

    private sealed class First : IProxyHook
    {
        public string Name => "Name";

        public ValueTask RunAsync(HookEvent hookEvent, CancellationToken cancellationToken) => default;
    }

    private sealed class Second : IProxyHook
    {
        public string Name => "name";

        public ValueTask RunAsync(HookEvent hookEvent, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("second");
    }
}
