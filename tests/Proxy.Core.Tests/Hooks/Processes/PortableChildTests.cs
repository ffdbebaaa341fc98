using System.ComponentModel;
using Proxy.Hooks.Processes;

namespace Proxy.Core.Tests.Hooks.Processes;

public sealed class PortableChildTests
{
    [Fact]
    public async Task Start_Program_HasEnvironmentStreamsAndExitCode()
    {
        using var child = Start("read line; echo $line $NAME; echo wrong >&2; exit 4");
        using var output = new StreamReader(child.Output);
        using var errors = new StreamReader(child.Errors);
        await child.Input.WriteAsync("hello\n"u8.ToArray());

        Assert.Equal(4, await child.Exited.WaitAsync(Eventually.Limit));
        Assert.Equal("hello value\n", await output.ReadToEndAsync());
        Assert.Equal("wrong\n", await errors.ReadToEndAsync());
    }

    [Fact]
    public async Task KillAsync_Running_EndsItAndItsChildren()
    {
        using var child = Start("trap '' TERM; sleep 100 & echo $!; wait");
        using var output = new StreamReader(child.Output);
        await using var errors = child.Errors;
        var id = int.Parse((await output.ReadLineAsync())!, System.Globalization.CultureInfo.InvariantCulture);

        Assert.True(await child.KillAsync());

        Assert.Equal(137, await child.Exited.WaitAsync(Eventually.Limit));
        await Eventually.TrueAsync(() => !Children.IsAlive(id));
    }

    [Fact]
    public void Start_NoProgram_Throws() =>
        Assert.Throws<Win32Exception>(static () =>
            PortableChild.Start(new(["proxy-no-such-program"], new Dictionary<string, string>()), TimeProvider.System)
        );

    private static PortableChild Start(string script) =>
        PortableChild.Start(new(["sh", "-c", script], new Dictionary<string, string> { ["NAME"] = "value" }), TimeProvider.System);
}
