using Proxy.Hooks.Processes;

namespace Proxy.Core.Tests.Hooks.Processes;

[Collection(Alone.Name)]
public sealed class LinuxChildTests
{
    private static readonly ChildCommand _true = new(["true"], new Dictionary<string, string>());

    [Fact]
    public async Task Start_ManyTimes_LeavesNoDescriptorThreadOrZombie()
    {
        await RunAsync(); // what is made once
        var (descriptors, zombies) = (Children.Descriptors(), Children.Zombies());

        for (var i = 0; i < 200; i++)
        {
            await RunAsync();
        }

        await Eventually.TrueAsync(() => Children.Descriptors() <= descriptors + 5);
        await Eventually.TrueAsync(() => Children.Zombies() <= zombies);
    }

    [Fact]
    public async Task Start_ManyThatFail_LeavesNoDescriptor()
    {
        var missing = _true with { Command = ["proxy-no-such-program"] };
        var descriptors = Children.Descriptors();

        for (var i = 0; i < 200; i++)
        {
            Assert.Throws<System.ComponentModel.Win32Exception>(() => LinuxChild.Start(missing, TimeProvider.System));
        }

        await Eventually.TrueAsync(() => Children.Descriptors() <= descriptors + 5);
    }

    [Fact]
    public async Task Dispose_BeforeTheEnd_IsReapedAfterwards()
    {
        var child = LinuxChild.Start(_true with { Command = ["sh", "-c", "read line"] }, TimeProvider.System);
        await using var output = child.Output;
        await using var errors = child.Errors;
        Assert.False(child.Exited.IsCompleted);

        child.Dispose(); // its input ends

        Assert.Equal(1, await child.Exited.WaitAsync(Eventually.Limit));
        await Eventually.TrueAsync(static () => Children.Zombies() == 0);
    }

    [Fact]
    public async Task Start_BesideProcessesOfDotNet_NeitherTakesTheOthersExitCode()
    {
        var runs = Enumerable
            .Range(1, 40)
            .Select(async code =>
            {
                string[] exit = ["sh", "-c", $"exit {code}"];
                using var process = System.Diagnostics.Process.Start(exit[0], exit[1..]);
                using var child = LinuxChild.Start(_true with { Command = exit }, TimeProvider.System);
                await using var output = child.Output;
                await using var errors = child.Errors;
                await process.WaitForExitAsync();
                Assert.Equal((code, code), (process.ExitCode, await child.Exited));
            });

        await Task.WhenAll(runs).WaitAsync(Eventually.Limit);
    }

    private static async Task RunAsync()
    {
        using var child = LinuxChild.Start(_true, TimeProvider.System);
        await using var output = child.Output;
        await using var errors = child.Errors;
        Assert.Equal(0, await child.Exited.WaitAsync(Eventually.Limit));
    }
}
