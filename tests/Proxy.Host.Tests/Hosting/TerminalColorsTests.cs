using Proxy.Host.Hosting;

namespace Proxy.Host.Tests.Hosting;

public sealed class TerminalColorsTests
{
    [Theory]
    [InlineData(false, null, "xterm-256color", true)]
    [InlineData(false, "", "xterm", true)]
    [InlineData(false, null, null, true)]
    [InlineData(true, null, "xterm", false)]
    [InlineData(false, "1", "xterm", false)]
    [InlineData(false, null, "dumb", false)]
    public void MayUse_Environment_Decides(bool isRedirected, string? noColor, string? terminal, bool expected) =>
        Assert.Equal(expected, TerminalColors.MayUse(isRedirected, noColor, terminal));

    [Fact]
    public void Bad_NoColors_IsTheText() => Assert.Equal("down", TerminalColors.None.Bad("down"));
}
