using System.Diagnostics;
using Proxy.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TraceParentTests
{
    private const string Good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Theory]
    [InlineData(ActivityTraceFlags.Recorded)]
    [InlineData(ActivityTraceFlags.None)]
    public void Read_WhatWasWritten_IsTheSame(ActivityTraceFlags flags)
    {
        var context = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags);

        var read = TraceParent.Read(TraceParent.Write(context));

        Assert.Equal((context.TraceId, context.SpanId, flags, true), (read.TraceId, read.SpanId, read.TraceFlags, read.IsRemote));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01")]
    [InlineData("00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x")]
    [InlineData(Good + "-")]
    [InlineData(Good + "," + Good)]
    [InlineData(" " + Good)]
    [InlineData("00-\u0661af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    public void Read_AnythingElse_IsNothing(string? text) => Assert.Equal(default, TraceParent.Read(text));

    [Fact]
    public void Read_EndlessText_IsNothing() => Assert.Equal(default, TraceParent.Read(Good + new string('0', 1_000_000)));

    [Fact]
    public void Read_AnyByteOfAGoodOneChanged_IsNothingOrAContext()
    {
        for (var at = 0; at < Good.Length; at++)
        {
            for (var c = '\0'; c < 256; c++)
            {
                _ = TraceParent.Read(string.Concat(Good.AsSpan(0, at), [c], Good.AsSpan(at + 1))); // must not throw
            }
        }

        Assert.NotEqual(default, TraceParent.Read(Good));
    }
}
