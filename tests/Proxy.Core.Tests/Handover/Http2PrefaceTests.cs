using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Proxy.Handover;

namespace Proxy.Core.Tests.Handover;

public sealed class Http2PrefaceTests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    [Fact]
    public void Compare_EachPartOfThePreface_NeedsMore()
    {
        Assert.All(Enumerable.Range(0, Preface.Length), static length => Assert.Null(Http2Preface.Compare(Bytes(Preface[..length]))));
        Assert.True(Http2Preface.Compare(Bytes(Preface)));
        Assert.True(Http2Preface.Compare(Bytes(Preface + "more")));
    }

    [Fact]
    public void Compare_AnyOtherByte_IsNo()
    {
        for (var position = 0; position < Preface.Length; position++)
        {
            Assert.False(Http2Preface.Compare(Bytes(Preface[..position] + "x")));
            Assert.False(Http2Preface.Compare(Bytes(Preface[..position] + "x" + Preface[(position + 1)..])));
        }
    }

    [Theory]
    [InlineData("PRI", false)]
    [InlineData("", null)]
    public async Task ReadAsync_ClientLeaves_IsServedIfItHasSentSomething(string text, bool? isHttp2)
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(text));
        await pipe.Writer.CompleteAsync();

        Assert.Equal(isHttp2, await Http2Preface.ReadAsync(pipe.Reader));
    }

    // As a drain begins, or the time for the first byte is over.
    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", false)]
    [InlineData(Preface, true)]
    [InlineData("", null)]
    [InlineData("PRI", null)]
    public async Task ReadAsync_CancelledAsBytesArrive_IsServedIfTheyTell(string text, bool? isHttp2)
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(text));
        pipe.Reader.CancelPendingRead();

        Assert.Equal(isHttp2, await Http2Preface.ReadAsync(pipe.Reader));
    }

    [Fact]
    public async Task ReadAsync_BytesHaveTold_KeepsThem()
    {
        var pipe = new Pipe();
        var reading = Http2Preface.ReadAsync(pipe.Reader);
        await pipe.Writer.WriteAsync("PR"u8.ToArray());
        Assert.False(reading.IsCompleted);

        await pipe.Writer.WriteAsync("OPFIND / HTTP/1.1\r\n"u8.ToArray());

        Assert.False(await reading);
        Assert.True(pipe.Reader.TryRead(out var read));
        Assert.Equal("PROPFIND / HTTP/1.1\r\n", Encoding.ASCII.GetString(read.Buffer));
    }

    private static ReadOnlySequence<byte> Bytes(string text) => new(Encoding.ASCII.GetBytes(text));
}
