using System.Diagnostics;
using OpenTelemetry.Instrumentation.AspNetCore;
using Proxy.Host.Http;

namespace Proxy.Host.Observability;

/// <summary>What is set of the spans that OpenTelemetry's instrumentation describes requests with.</summary>
internal static class RequestSpans
{
    private const string Error = "error.type";
    private const int FirstFault = 500;

    public static void Set(AspNetCoreTraceInstrumentationOptions options)
    {
        // Scrapes and probes come every few seconds, and their traces are of no use.
        options.Filter = static context => !AdminMark.IsOn(context.Features);
        options.EnrichWithHttpResponse = AddError;
    }

    // The conventions ask for it with each status that is a fault; the instrumentation has it of exceptions alone.
    private static void AddError(Activity span, HttpResponse response)
    {
        if (response.StatusCode >= FirstFault && span.GetTagItem(Error) is null)
        {
            span.SetTag(Error, $"{response.StatusCode}");
        }
    }
}
