using Proxy.Core.Tests.Hooks;
using Proxy.Hooks;

namespace Proxy.Core.Tests.EndToEnd.Hooks;

[Collection(Alone.Name)]
public sealed class ExecStepMemoryTests : IDisposable
{
    private readonly TestHooks _hooks = new();

    [Fact]
    public async Task Run_EndlessOutput_TakesNoMemoryAndTimesOut()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var result = await _hooks.ShellAsync("cat /dev/zero", TimeSpan.FromSeconds(1));

        Assert.Equal(HookOutcome.TimedOut, result.Outcome);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 8 * 1024 * 1024);
    }

    public void Dispose() => _hooks.Dispose();
}
