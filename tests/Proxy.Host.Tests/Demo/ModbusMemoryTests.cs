using Proxy.Host.Demo;

namespace Proxy.Host.Tests.Demo;

/// <summary>Examples from the Modbus Application Protocol, and invalid requests.</summary>
public sealed class ModbusMemoryTests
{
    private readonly ModbusMemory _memory = new();

    [Theory]
    [InlineData("03 00 6B 00 03", "03 06 00 6B 00 6C 00 6D")]
    [InlineData("06 00 01 00 03", "06 00 01 00 03")]
    [InlineData("10 00 01 00 02 04 00 0A 01 02", "10 00 01 00 02")]
    [InlineData("05 00 AC FF 00", "05 00 AC FF 00")]
    [InlineData("0F 00 13 00 0A 02 CD 01", "0F 00 13 00 0A")]
    [InlineData("01 00 13 00 0A", "01 02 00 00")]
    [InlineData("04 00 00 00 01", "04 02 00 01")]
    [InlineData("03 00 00 00 00", "83 03")]
    [InlineData("03 00 00 00 7E", "83 03")]
    [InlineData("03 03 E7 00 02", "83 02")]
    [InlineData("05 00 AC 12 34", "85 03")]
    [InlineData("10 00 01 00 02 04 00 0A 01", "90 03")]
    [InlineData("06 FF FF 00 01", "86 02")]
    [InlineData("03 00", "83 03")]
    [InlineData("2B 0E 01 00 00", "AB 01")]
    [InlineData("41", "C1 01")]
    public void Execute_Request_AnswersAsTheProtocolSays(string request, string answer) => Assert.Equal(answer, Execute(request));

    [Fact]
    public void Execute_WriteThenRead_ReturnsTheWrittenValues()
    {
        Execute("10 00 01 00 02 04 00 0A 01 02");
        Execute("0F 00 13 00 0A 02 CD 01");

        Assert.Equal("03 06 00 0A 01 02 00 03", Execute("03 00 01 00 03"));
        Assert.Equal("01 02 CD 01", Execute("01 00 13 00 0A"));
    }

    private string Execute(string request) =>
        Convert
            .ToHexString(_memory.Execute(Convert.FromHexString(request.Replace(" ", "", StringComparison.Ordinal))))
            .Chunk(2)
            .Select(static digits => new string(digits))
            .Aggregate(static (left, right) => $"{left} {right}");
}
